/**
 * Lets a plain `node` run the sources, compiled as jest compiles them: `node --require ./test/support/typescript.cjs`.
 * For child processes of tests, and for the TypeORM command line on `ormconfig.ts`.
 */
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');
const jest = require('../../jest.config.js');

const [, options] = Object.values(jest.transform)[0];

require.extensions['.ts'] = (module, filename) => {
  const source = readFileSync(filename, 'utf8');
  const { code } = transformSync(source, { ...options, filename, sourceMaps: 'inline' });
  module._compile(code, filename);
};
