// Run by `npm ci`: builds the server, the pages and the database that first starts begin from. Where the compiler is
// absent (`--omit=dev`) there is nothing to build, and nothing is said.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';

const isInstalled = (name) => {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
};

function step(what, ...command) {
  const begun = performance.now();
  execFileSync(process.execPath, command, { stdio: 'inherit', cwd: new URL('..', import.meta.url) });
  process.stdout.write(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
}

if (isInstalled('typescript/package.json')) {
  step('server', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
  chmodSync(new URL('../dist/cli/index.js', import.meta.url), 0o755);
  step('pages', 'scripts/build-web.mjs');
  step('prepared database', 'dist/cli/index.js', 'prepare-data', 'dist/prepared-data.tar');
}
