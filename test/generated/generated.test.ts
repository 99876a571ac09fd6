import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from '../../src/cli/generate';

describe('what is printed from the code', () => {
  it.each(Object.entries(generatedFiles()))('%s is up to date', (path, text) => {
    expect(readFileSync(join(__dirname, '../..', path), 'utf8')).toBe(text);
  });
});
