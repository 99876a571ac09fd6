/** Builds the pages of `web/` into `dist/web`. Where Vite is not installed (`--omit=dev`) it says so and ends well. */
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const vite = await import('vite').catch((error) => {
  if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
  throw error;
});

if (vite) {
  const startedAt = performance.now();
  const configFile = fileURLToPath(new URL('../web/vite.config.mjs', import.meta.url));
  await vite.build({ configFile, logLevel: 'warn' });
  console.log(`pages: built into dist/web in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} else {
  console.log('pages: vite is not installed, so dist/web stays as it is');
}
