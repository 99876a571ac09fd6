import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** The setting by which a gateway starts with this policy, in the words of the policy file. */
export function withPolicy(text: string): { readonly POLICY_FILE: string } {
  const folder = mkdtempSync(join(tmpdir(), 'factorgate-policy-'));
  folders.push(folder);
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, text);
  return { POLICY_FILE: file };
}

/** Nobody must have a factor; whoever has one is asked. */
export const OPTIONAL = 'mfa_enforcement: { all_users: false }';
/** Everybody must have a factor, now. */
export const ENFORCED = 'mfa_enforcement: { all_users: true, grace_period: 0 }';
