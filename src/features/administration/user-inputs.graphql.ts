import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { z } from 'zod';
import { Role } from '../../kernel';
import { DateTime, presentedId, shortText } from '../../platform';
import { IdentityCheck } from './factor-reset.service';

registerEnumType(IdentityCheck, {
  name: 'IdentityCheck',
  description: 'How the help desk made sure who is asking.',
  valuesConfig: {
    VOUCHED: { description: 'Vouched for by someone the organisation trusts, such as the manager.' },
  },
});

const NOTE = { description: 'Kept in the audit log.' };
const REFERENCE = { description: 'A pointer to the evidence (case number), never the document itself.' };

const note = shortText(500);
const aboutUser = z.object({ userId: presentedId, note });
const evidence = aboutUser.extend({
  identityCheck: z.enum(IdentityCheck),
  evidenceReference: shortText(200),
});
/** Each once, the lowest first. */
const roles = z
  .array(z.enum(Role))
  .min(1, 'At least one role is needed.')
  .transform((given) => Object.values(Role).filter((role) => given.includes(role)));

@InputType('LockUserInput')
export class LockUserInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => DateTime, { nullable: true, description: 'Null: until unlocked.' })
  until?: Date | null;

  @Field(() => String, NOTE)
  note!: string;
}
export const lockUserInput = aboutUser.extend({ until: z.date().optional() });

@InputType('UnlockUserInput')
export class UnlockUserInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, NOTE)
  note!: string;
}
export const unlockUserInput = aboutUser;

@InputType('SignOutUserInput')
export class SignOutUserInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, NOTE)
  note!: string;
}
export const signOutUserInput = aboutUser;

@InputType('DeleteUserInput')
export class DeleteUserInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => String, NOTE)
  note!: string;
}
export const deleteUserInput = aboutUser;

@InputType('SetUserRolesInput')
export class SetUserRolesInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => [Role], { description: 'Replaces those that the user has.' })
  roles!: Role[];
}
export const setUserRolesInput = z.object({ userId: presentedId, roles });

@InputType('InviteUserInput')
export class InviteUserInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { nullable: true })
  displayName?: string | null;

  @Field(() => [Role], { defaultValue: [Role.USER] })
  roles!: Role[];
}
export const inviteUserInput = z.object({
  email: z.string().max(320, 'This is too long.'),
  displayName: shortText(120).optional(),
  roles,
});

@InputType('ResetFactorsInput', {
  description:
    'Afterwards only a temporary code from an approved recovery opens enrollment: a password alone never re-opens such an account.',
})
export class ResetFactorsInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => [ID], {
    nullable: true,
    description: 'Which ones. Null: all, with backup codes and remembered browsers.',
  })
  factorIds?: string[] | null;

  @Field(() => IdentityCheck)
  identityCheck!: IdentityCheck;

  @Field(() => String, REFERENCE)
  evidenceReference!: string;

  @Field(() => String, NOTE)
  note!: string;
}
export const resetFactorsInput = evidence.extend({
  factorIds: z.array(presentedId).min(1, 'Which ones? Leave it out for all.').max(50).optional(),
});

@InputType('IssueTemporaryCodeInput', {
  description:
    'Only for an account that never had a factor (the first day); otherwise a recovery must be approved.',
})
export class IssueTemporaryCodeInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => IdentityCheck)
  identityCheck!: IdentityCheck;

  @Field(() => String, REFERENCE)
  evidenceReference!: string;

  @Field(() => Int, { defaultValue: 60, description: '5 to 1440.' })
  validForMinutes!: number;

  @Field(() => String, NOTE)
  note!: string;
}
export const issueTemporaryCodeInput = evidence.extend({
  validForMinutes: z
    .number()
    .int()
    .min(5, 'At least 5 minutes.')
    .max(1440, 'At most one day: 1440 minutes.')
    .default(60),
});

@InputType('StartCallerCheckInput')
export class StartCallerCheckInput {
  @Field(() => ID)
  userId!: string;

  @Field(() => ID)
  factorId!: string;

  @Field(() => String, { nullable: true, description: "Shown on the caller's phone." })
  message?: string | null;
}
export const startCallerCheckInput = z.object({
  userId: presentedId,
  factorId: presentedId,
  message: shortText(200).optional(),
});
