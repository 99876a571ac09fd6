import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationPage, envExample } from '../config';
import { flowDiagram } from '../features/auth-flow';
import { policyPage } from '../features/policy';
import { settingsSlices } from '../features';
import { ERROR_CODES } from '../kernel';
import { printedSchema } from '../schema';

/** Everything that is printed from the code, by its path from the top of the project. */
export const generatedFiles = (): Readonly<Record<string, string>> => ({
  'schema.graphql': printedSchema(),
  '.env.example': envExample(settingsSlices),
  'docs/reference/configuration.md': configurationPage(settingsSlices),
  'docs/reference/auth-flow.md': `# The states of a flow\n\nPrinted from \`src/features/auth-flow/transitions.ts\`.\n\n\`\`\`mermaid\n${flowDiagram()}\n\`\`\`\n`,
  'docs/reference/error-codes.md': errorCodesPage(),
  'docs/reference/policy.md': policyPage(),
});

/** Writes what differs, or only says so; gives the exit code. */
export function generate(isCheck: boolean, print: (line: string) => void): number {
  const top = join(__dirname, '..', '..');
  const stale = Object.entries(generatedFiles()).filter(([path, text]) => read(join(top, path)) !== text);
  for (const [path, text] of stale) {
    print(isCheck ? `${path} is not what the code prints: run \`npm run generate\`` : `wrote ${path}`);
    if (isCheck) continue;
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return isCheck && stale.length > 0 ? 1 : 0;
}

function errorCodesPage(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, [description, message]]) => `| ${code} | ${description} | ${message} |`,
  );
  return `# Error codes\n\nCodes in \`errors\` of a payload. Printed from \`src/kernel/errors.ts\`.\n\n| code | meaning | text for the user |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
