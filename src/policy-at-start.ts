import { readFileSync } from 'node:fs';
import { parsePolicyFile, policySummary, type Policies } from './features/policy';
import type { Log } from './platform';

/** Puts the policy of POLICY_FILE into force if its content is not what was applied last. Throws what is wrong with it. */
export async function applyPolicyFile(file: string, policies: Policies, log: Log): Promise<void> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`POLICY_FILE: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parsePolicyFile(text);
  if ('faults' in parsed)
    throw new Error(
      `POLICY_FILE has faults:\n${parsed.faults.map((fault) => `  ${file}:${fault}`).join('\n')}`,
    );
  const applied = await policies.applyFile(text, parsed.values);
  if (applied)
    log.info({ version: applied.version, summary: policySummary(applied) }, 'the policy file was applied');
}
