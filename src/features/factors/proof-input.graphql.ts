import { Field, InputType } from 'type-graphql';
import { z } from 'zod';
import { factorKinds } from './registry';

/** How each sort of answer is written in the API; which of them exist follows from the registry. */
const PROOF_FIELDS = {
  code: { type: String, description: 'The code as typed; blanks and dashes are ignored.' },
} as const;

/** `@oneOf`: the schema marks it after it is built, since TypeGraphQL has no word for it. */
@InputType('ProofInput', { description: 'Exactly one of these.' })
export class ProofInput {
  [field: string]: unknown;
}

for (const field of new Set(factorKinds.map((module) => module.traits.proofField))) {
  if (!field) continue;
  const { type, description } = PROOF_FIELDS[field];
  Field(() => type, { nullable: true, description })(ProofInput.prototype, field);
}

/** Its shape only; the kind of the open challenge checks the content. */
export const proofInput = z.custom<object>((value) => typeof value === 'object' && value !== null);
