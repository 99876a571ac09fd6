import { Refusal } from '../../kernel';
import { kindModule } from '../factors';

/** The proof in the kind's own form, or INVALID_INPUT with the path: a malformed answer costs no attempt. */
export function parsedProof(kind: string, presented: unknown): unknown {
  const module = kindModule(kind);
  const field = module.traits.proofField;
  const value =
    field && presented && typeof presented === 'object'
      ? (presented as Record<string, unknown>)[field]
      : undefined;
  if (!field || value === undefined || value === null) {
    throw new Refusal('INVALID_INPUT', {
      path: ['input', 'proof'],
      message: field ? `This asks for \`${field}\`.` : 'This is answered on the device.',
    });
  }
  const parsed = module.proof.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal('INVALID_INPUT', {
    path: ['input', 'proof', field],
    message: parsed.error.issues[0]?.message ?? 'This is malformed.',
  });
}
