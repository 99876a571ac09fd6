import { GOT, type Ask, type TestGateway, type TestUser, type World } from './world';
import { liftFlowLimit, userWithApp } from './attempts';
import { withPolicy } from './policy';

export const HOUR = 3600;
/** For what is not about approvals: fewer people to play. */
export const ONE_APPROVAL = withPolicy('recovery: { approvals: 1 }');
export const REQUEST = 'request { id status readyAt expiresAt requiredApprovals }';

/** Signs in with the password and asks the help desk for help. */
export async function askForHelp(world: World, user: TestUser, gateway: TestGateway = world.a) {
  await liftFlowLimit(world);
  const { flowToken } = await user.signIn({ autoStart: false }, gateway);
  const asked = await gateway.mutate('requestRecovery', { flowToken, message: 'lost my phone' }, REQUEST);
  return { ...asked, flowToken: flowToken as string };
}

/** People of the help desk, each with an app. */
export async function helpDesk(world: World, count: number): Promise<TestUser[]> {
  const people: TestUser[] = [];
  for (let made = 0; made < count; made += 1) {
    const person = await world.user({ roles: ['HELP_DESK'] });
    await person.enrollTotp();
    people.push(person);
  }
  return people;
}

/** A fresh step-up of this person. */
export async function freshly(person: TestUser): Promise<Ask> {
  await liftFlowLimit(person.world);
  const { tokens } = await person.signInWithTotp();
  return { authorization: `Bearer ${tokens.accessToken as string}` };
}

export const APPROVAL = {
  approve: true,
  identityCheck: 'VIDEO_CALL',
  evidenceReference: 'case 4711',
  note: 'spoke to them',
};

export const decide = (gateway: TestGateway, ask: Ask, requestId: string, more: object = {}) =>
  gateway.mutate('decideRecovery', { requestId, ...APPROVAL, ...more }, REQUEST, ask);

/** Approves with each of them, one after the other; gives the last payload. */
export async function approve(
  world: World,
  people: readonly TestUser[],
  requestId: string,
  more: object = {},
) {
  let last;
  for (const person of people) last = await decide(world.a, await freshly(person), requestId, more);
  return last;
}

/** A user who lost the app, and whose recovery these people have approved. */
export async function approvedRecovery(world: World, people: readonly TestUser[]) {
  const user = await userWithApp(world);
  const { request } = await askForHelp(world, user);
  await approve(world, people, request.id as string);
  return { user, requestId: request.id as string };
}

/** The same, with the waiting period over and the code sent. */
export async function readyRecovery(world: World, people: readonly TestUser[]) {
  const approved = await approvedRecovery(world, people);
  await world.advance(24 * HOUR);
  await world.settle();
  return { ...approved, code: await mailedRecoveryCode(world, approved.user) };
}

export const mailsTo = async (world: World, user: TestUser) =>
  (await world.inbox()).filter(({ to }) => to === user.email);

const CODE = /\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){6}\b/;

/** The last temporary code that was mailed. */
export async function mailedRecoveryCode(world: World, user: TestUser): Promise<string> {
  const codes = (await mailsTo(world, user)).flatMap(({ text }) => CODE.exec(text)?.[0] ?? []);
  const code = codes.at(-1);
  if (!code) throw new Error(`no temporary code was sent to ${user.email}`);
  return code;
}

/** How many codes were mailed. */
export const codesMailed = async (world: World, user: TestUser): Promise<number> =>
  (await mailsTo(world, user)).filter(({ text }) => CODE.test(text)).length;

/** The secret of the link that stops the recovery, from the last mail that has one. */
export async function cancelToken(world: World, user: TestUser): Promise<string> {
  const links = (await mailsTo(world, user)).flatMap(
    ({ text }) => /https:\/\/id\.example\.com\/recovery\/cancel\?token=(\S+)/.exec(text)?.[1] ?? [],
  );
  const token = links.at(-1);
  if (!token) throw new Error(`no link was sent to ${user.email}`);
  return decodeURIComponent(token);
}

/** Signs in with the password and begins to answer with a temporary code. */
export async function askCode(world: World, user: TestUser, gateway: TestGateway = world.a) {
  await liftFlowLimit(world);
  const { flowToken, flow } = await user.signIn({ autoStart: false }, gateway);
  const factorId = flow?.factors.find((factor: { kind: string }) => factor.kind === 'TEMPORARY_CODE')?.id;
  if (!factorId) throw new Error(`no temporary code in ${JSON.stringify(flow)}`);
  const started = await gateway.mutate('startChallenge', { flowToken, factorId }, GOT);
  return { ...started, flowToken: flowToken as string };
}

/** The sign-in with the code, as far as the enrollment that it demands. */
export async function useCode(world: World, user: TestUser, code: string, gateway: TestGateway = world.a) {
  const { flowToken } = await askCode(world, user, gateway);
  const got = await gateway.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);
  return { ...got, flowToken };
}

/** Begins the enrollment of a new app in such a flow; its code comes from `user.code(0, user.apps.length - 1)`. */
export async function newApp(world: World, user: TestUser, flowToken: string): Promise<string> {
  const { enrollmentToken, enrollment } = await world.a.mutate(
    'startEnrollment',
    { kind: 'TOTP', flowToken },
    'enrollmentToken enrollment { setup { ... on TotpSetup { secret } } }',
  );
  user.apps.push((enrollment.setup.secret as string).replaceAll(' ', ''));
  return enrollmentToken as string;
}

export async function confirmApp(user: TestUser, enrollmentToken: string, gateway: TestGateway) {
  const proof = { code: await user.code(0, user.apps.length - 1) };
  return gateway.mutate('confirmEnrollment', { enrollmentToken, proof }, 'flow { status } backupCodes');
}

export const statusOf = async (world: World, requestId: string): Promise<string | undefined> =>
  (
    await world.database.row<{ status: string }>('SELECT status FROM recovery_request WHERE id = $1', [
      requestId,
    ])
  )?.status;
