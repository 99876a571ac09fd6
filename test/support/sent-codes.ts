import { mailedCode } from './attempts';
import { withPolicy } from './policy';
import { GOT, type Ask, type TestGateway, type TestUser, type World } from './world';

export const CODE_SETUP = `enrollment { id status factor { id kind hint label }
  setup { __typename ... on CodeSetup { sentTo codeLength resendableAt } } } enrollmentToken flow { id status }`;

/** All that a world needs so that codes can be sent. */
export const SENDING = {
  SMS_COUNTRIES: 'US,GB,CH,DE,GG',
  ...withPolicy(
    'mfa_enforcement: { all_users: false, allowed_kinds: [totp, sms, email, push, backup_code] }',
  ),
};

let numbers = 0;
/** A number that no other test has: valid, and given to nobody. */
export const freshNumber = (): string => `+1202555${String((numbers += 1)).padStart(4, '0')}`;

/** The limits on sending are lifted, to reach the guard behind them. */
export async function liftSendLimits(world: World): Promise<void> {
  await world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'sms-%' OR key LIKE 'email-%'`);
  await world.database.affected('DELETE FROM sms_traffic');
}

/** What arrived at a number or address, oldest first. */
export const arrived = async (world: World, to: string) =>
  (await world.inbox()).filter((message) => message.to === to);

/** Begins to add a number or an address, as the user signed in by `authorization`. */
export const startByCode = (world: World, authorization: string, input: object, gateway?: TestGateway) =>
  (gateway ?? world.a).mutate('startEnrollment', input, CODE_SETUP, { authorization });

/** Adds a number or an address by the code that was sent there; gives the id of the factor. */
export async function enrollByCode(
  world: World,
  user: TestUser,
  where: { readonly phoneNumber: string } | { readonly email: string },
  authorization?: string,
): Promise<string> {
  const ask: Ask = { authorization: authorization ?? (await user.firstSignIn()) };
  const [kind, to] = 'phoneNumber' in where ? ['SMS', where.phoneNumber] : ['EMAIL', where.email];
  const started = await startByCode(world, ask.authorization ?? '', { kind, ...where });
  if (started.errors.length > 0) throw new Error(JSON.stringify(started.errors));
  const { enrollmentToken } = started;
  const proof = { code: await mailedCode(world, to) };
  const confirmed = await world.a.mutate('confirmEnrollment', { enrollmentToken, proof }, CODE_SETUP, ask);
  if (confirmed.errors.length > 0) throw new Error(JSON.stringify(confirmed.errors));
  return confirmed.enrollment.factor.id as string;
}

/** A user whose only factor is this number. */
export async function userWithNumber(world: World, phoneNumber = freshNumber()) {
  const user = await world.user();
  const factorId = await enrollByCode(world, user, { phoneNumber });
  return { user, factorId, phoneNumber };
}

/** Signs in and has a code sent to the factor. */
export async function askCode(world: World, user: TestUser, factorId: string, gateway = world.a) {
  const { flowToken } = await user.signIn({ autoStart: false }, gateway);
  const got = await gateway.mutate('startChallenge', { flowToken, factorId }, GOT);
  return { ...got, flowToken: flowToken as string };
}

/** The kinds that a flow or user shows, in order, without the backup codes that come with every first factor. */
export const kindsOf = (of: { readonly factors: readonly { readonly kind: string }[] }): string[] =>
  of.factors.map(({ kind }) => kind).filter((kind) => kind !== 'BACKUP_CODE');

/** Another code of the same length. */
export const otherCode = (code: string): string =>
  String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');
