import { registerEnumType } from 'type-graphql';
import { factorKindEnum, type FactorKindModule } from './contract';
import { backupCode } from './kinds/backup-code';
import { email } from './kinds/email';
import { push } from './kinds/push';
import { sms } from './kinds/sms';
import { temporaryCode } from './kinds/temporary-code';
import { totp } from './kinds/totp';

/** The only list of factor kinds in the program. Enum, inputs, unions, settings, tables and contract tests follow from it. */
export const factorKinds = [totp, sms, email, push, backupCode, temporaryCode] as const;

export type FactorKind = (typeof factorKinds)[number]['kind'];

const byKind = new Map<string, FactorKindModule<string, never>>();
for (const module of factorKinds) {
  byKind.set(module.kind, module as unknown as FactorKindModule<string, never>);
  factorKindEnum[module.kind] = module.kind;
}

registerEnumType(factorKindEnum, {
  name: 'FactorKind',
  description: 'How a factor proves itself. More kinds may be added: keep a default branch.',
  valuesConfig: Object.fromEntries(factorKinds.map(({ kind, description }) => [kind, { description }])),
});

/** The module of a stored kind; a row of a kind that is no longer listed is a fault of the installation. */
export function kindModule(kind: string): FactorKindModule<string, never> {
  const module = byKind.get(kind);
  if (!module) throw new Error(`no factor kind ${kind} in the registry`);
  return module;
}
