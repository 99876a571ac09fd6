import { z } from 'zod';
import { Role, emailKey, isId } from '../../kernel';
import { faultOf, keyName } from '../factors';
import { AccountType, UserStatus } from '../users';

const NAME_MAX = 100;
const FACTORS_MAX = 20;
export const LINE_BYTES_MAX = 262_144;

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'has control characters');
const date = z.iso.datetime({ offset: true }).transform((written) => new Date(written));

/** One line of an import: a user and all by which they sign in. The reference page describes each field. */
const userLine = z.strictObject({
  id: z
    .string()
    .refine((id) => isId('usr', id), 'is no id of a user')
    .optional(),
  externalId: text(200).nullish(),
  email: z
    .string()
    .refine((written) => emailKey(written) !== undefined, 'is no e-mail address')
    .transform((written) => written.normalize('NFKC').trim()),
  emailVerified: z.boolean().default(false),
  emailVerifiedAt: date.nullish(),
  displayName: text(NAME_MAX).nullish(),
  locale: text(35).nullish(),
  accountType: z.enum(AccountType).default('PERSON'),
  roles: z.array(z.enum(Role)).default(['USER']),
  status: z.enum(UserStatus).default('ACTIVE'),
  lockedUntil: date.nullish(),
  enrollmentDueAt: date.nullish(),
  enrollmentClosedAt: date.nullish(),
  createdAt: date.nullish(),
  password: z
    .strictObject({
      /** Null: there is none, but the user may set one by mail. */
      hash: z.string().max(1024).nullable(),
      /** Of a gateway's own hashes, which a key peppers. */
      key: keyName.nullish(),
      changedAt: date.nullish(),
      mustChange: z.boolean().default(false),
    })
    .nullish(),
  factors: z
    .array(z.looseObject({ kind: z.string().max(32) }))
    .max(FACTORS_MAX)
    .default([]),
});

export type UserLine = z.infer<typeof userLine>;

/** Reads one line. The fault names fields, never values: it is printed. */
export function readLine(line: string): UserLine | { readonly fault: string } {
  if (Buffer.byteLength(line) > LINE_BYTES_MAX) return { fault: 'is too long' };
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { fault: 'is not JSON' };
  }
  const parsed = userLine.safeParse(json);
  return parsed.success ? parsed.data : { fault: faultOf(parsed.error) };
}
