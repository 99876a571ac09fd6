import type { Setting, SettingsSlice } from '../kernel';

/** `.env.example`: every setting, commented out, with its sentence. */
export function envExample(slices: readonly SettingsSlice[]): string {
  const parts = slices.map((slice) => {
    const lines = Object.values(slice.settings).map(
      (declared) => `# ${declared.about}\n#${declared.env}=${declared.example}\n`,
    );
    return `# ── ${slice.name} ──\n${lines.join('')}`;
  });
  return `# Every setting of Factorgate. Printed from the code by \`npm run generate\`.\n# A secret may also be given as <NAME>_FILE, the path of a file that holds it.\n\n${parts.join('\n')}`;
}

/** `docs/reference/configuration.md`. */
export function configurationPage(slices: readonly SettingsSlice[]): string {
  const tables = slices.map((slice) => {
    const rows = Object.values(slice.settings).map(
      (declared) =>
        `| \`${declared.env}\` | ${declared.about}${secretNote(declared)} | ${defaultOf(declared)} | \`${declared.example}\` |`,
    );
    return `## ${slice.name}\n\n| variable | meaning | default | example |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Configuration\n\nPrinted from the code by \`npm run generate\`. Settings are read once at start; all faults are reported together.\n\n${tables.join('\n')}`;
}

const secretNote = (declared: Setting<unknown>): string =>
  declared.isSecret ? ` Secret: also as \`${declared.env}_FILE\`.` : '';

function defaultOf(declared: Setting<unknown>): string {
  const parsed = declared.schema.safeParse(undefined);
  if (!parsed.success) return 'required';
  const value = parsed.data;
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '–';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
