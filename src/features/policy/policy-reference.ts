import { DEFAULT_POLICY, POLICY_BOUNDS } from './policy';
import { printPolicyFile } from './policy-file';
import { POLICY_SECTIONS, valueAt, type Form, type PolicyKey, type PolicySection } from './policy-keys';

const INTRODUCTION = `# The policy file

Printed from the code by \`npm run generate\`. A policy file is YAML and holds a whole policy: what is left out has its default, whatever
was in force before. Try it with \`factorgate policy check <file>\`, put it into force with \`factorgate policy apply <file>\` or by
\`POLICY_FILE\` (applied at start when its content differs from the one applied last), and print the policy in force as such a file
with \`factorgate policy show\`. The API has the same policy as \`policy\` and \`updatePolicy\`.

Unknown keys, keys given twice, wrong values, aliases and broken YAML are refused, all at once, each as \`file:line:column: text\`; nothing
of a refused file is applied. A file has one document and at most 256 KiB.

- Words are read in any case, with blanks, hyphens or underscores: \`prompt_mfa\`, \`Prompt MFA\`.
- Durations are a number and a unit: \`30_days\`, \`30 days\`, \`24_hours\`, \`5_minutes\`. Only \`0\` needs no unit.
- The sections of a file copied from a web page may have lost their indentation, and list items may begin with \`\\-\`: a known key at the
  top counts for its section. One that could belong to two places is refused.
`;

/** `docs/reference/policy.md`. */
export function policyPage(): string {
  const example = `## The default, as a file\n\n\`\`\`yaml\n${printPolicyFile(DEFAULT_POLICY)}\`\`\`\n`;
  const rules = keyOf('rules');
  return [
    INTRODUCTION,
    example,
    ...POLICY_SECTIONS.map(sectionPart),
    `## Rules\n\nThe list \`rules\` of \`mfa_enforcement\`; in the API \`Policy.rules\`. A rule holds for sign-ins that meet all of its conditions (\`roles\`,
\`client_ids\`, \`networks\`, \`signals\`); one that is left out or empty is none. Rules only make the policy stricter.\n\n${partTable(rules?.form)}`,
  ].join('\n');
}

const keyOf = (name: string): PolicyKey | undefined =>
  POLICY_SECTIONS.flatMap(({ keys }) => keys).find(({ key }) => key === name);

function sectionPart(section: PolicySection): string {
  const table = section.namedIn ? partTable({ is: 'records', keys: section.keys }) : keyTable(section.keys);
  const api = section.namedIn ? ` In the API \`Policy.${section.namedIn}\`. Default: none.` : '';
  const list = section.isAlsoList ? ' May also be a list of maps: `- new_device: prompt_mfa`.' : '';
  return `## ${section.name}\n\n${section.about}${api}${list}\n\n${table}`;
}

function keyTable(keys: readonly PolicyKey[]): string {
  const rows = keys.map(
    (one) =>
      `| \`${one.key}\` | ${valuesOf(one.form)}${boundsOf(one)} | ${defaultOf(one)} | ${apiOf(one)} | ${one.about} |`,
  );
  return `| key | value | default | API field | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** What one rule or one action holds. */
function partTable(form: Form | undefined): string {
  const rows =
    form?.is === 'records'
      ? form.keys.map(
          (one) =>
            `| \`${one.key}\` | ${valuesOf(one.form)} | \`${one.to[0]?.join('.') ?? ''}\` | ${one.about} |`,
        )
      : [];
  return `| key | value | API field | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

function valuesOf(form: Form): string {
  if (form.is === 'word') return form.says;
  return form.is === 'list' ? `list of: ${form.of.says}` : 'list of maps';
}

/** The bounds that all fields share which the key sets. */
function boundsOf({ to, form }: PolicyKey): string {
  const found = Object.entries(POLICY_BOUNDS).filter(([name]) => to.some(([field]) => field === name));
  if (found.length === 0) return '';
  const least = Math.max(...found.map(([, [lower]]) => lower));
  const most = Math.min(...found.map(([, [, upper]]) => upper));
  return `; ${String(least)} to ${String(most)}${form.is === 'word' && form.unit ? ` ${form.unit}` : ''}`;
}

function defaultOf({ to: [path = []], form }: PolicyKey): string {
  const value = valueAt(DEFAULT_POLICY, path);
  if (form.is === 'word') return `\`${String(form.write(value))}\``;
  if (path[0] === 'allowedKinds') return 'all but those that are off by default';
  return '`[]`';
}

const apiOf = ({ to }: PolicyKey): string =>
  to.map((path) => `\`Policy.${path[0] ?? ''}\`${path[1] ? `, \`${path[1]}\`` : ''}`).join(', ');
