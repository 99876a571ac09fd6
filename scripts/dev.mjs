// `npm run dev`: compiles on every change and restarts the gateway.
import { spawn, spawnSync } from 'node:child_process';

const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
if (spawnSync(process.execPath, tsc, { stdio: 'inherit' }).status !== 0) process.exit(1);
const compiler = spawn(process.execPath, [...tsc, '--watch', '--preserveWatchOutput'], { stdio: 'inherit' });
const gateway = spawn(process.execPath, ['--watch', 'dist/main.js'], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => [compiler, gateway].forEach((one) => one.kill(signal)));
gateway.on('exit', (code) => {
  compiler.kill();
  process.exit(code ?? 0);
});
