import { Redis } from 'ioredis';
import { codeAt } from '../../src/features/factors/kinds/totp/totp';
import { GOT, PASSWORD, type Ask, type TestGateway, type TestUser, type World } from './world';

/** Answers the open challenge of a flow. */
export const answer = (gateway: TestGateway, flowToken: string, code: string, ask: Ask = {}) =>
  gateway.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT, ask);

/** The code of the first error, or undefined. */
export const codeOf = (payload: { errors: readonly { code: string }[] }): string | undefined =>
  payload.errors[0]?.code;

/** Six digits that no app of the user shows in the whole window, even where the window is too wide. */
export async function wrongCode(world: World, user: TestUser, not: readonly string[] = []): Promise<string> {
  const steps = [-3, -2, -1, 0, 1, 2, 3].map((step) => new Date(world.clock.now().getTime() + step * 30_000));
  const right = await Promise.all(user.apps.flatMap((secret) => steps.map((at) => codeAt(secret, at))));
  for (let number = 123_456; ; number += 1) {
    const code = String(number % 1_000_000).padStart(6, '0');
    if (!right.includes(code) && !not.includes(code)) return code;
  }
}

/** So many waiting flows of one user. The limit on flows is lifted, to reach the guard behind it. */
export async function flowTokens(world: World, user: TestUser, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let begun = 0; begun < count; begun += 1) {
    await liftFlowLimit(world);
    const { flowToken, flow } = await user.signIn();
    if (flow?.status !== 'CHALLENGE_PENDING') throw new Error(`no challenge: ${JSON.stringify(flow)}`);
    tokens.push(flowToken as string);
  }
  return tokens;
}

/** The same as step-ups of a session, which cost no password hash. */
export async function stepUpTokens(world: World, authorization: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let begun = 0; begun < count; begun += 1) {
    await liftFlowLimit(world);
    const { flowToken, flow } = await world.a.mutate('startStepUp', {}, GOT, { authorization });
    if (flow?.status !== 'CHALLENGE_PENDING') throw new Error(`no challenge: ${JSON.stringify(flow)}`);
    tokens.push(flowToken as string);
  }
  return tokens;
}

export const liftFlowLimit = (world: World): Promise<number> =>
  world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'flow:%'`);

/** The pause after refused requests is lifted, to reach the guard behind it: they were long ago. */
export const liftPushPause = (world: World, user: TestUser): Promise<number> =>
  world.database.affected(
    `UPDATE challenge SET created_at = created_at - interval '1 day'
     WHERE user_id = $1 AND kind = 'PUSH' AND status <> 'OPEN'`,
    [user.id],
  );

/** A user with an authenticator app, whose last used step is in the past. */
export async function userWithApp(world: World): Promise<TestUser> {
  const user = await world.user();
  await user.enrollTotp();
  await world.advance(60);
  return user;
}

/** A sign-in as if from the given address; the world must trust 127.0.0.1 as its proxy. */
export const signInFrom = (world: World, address: string, email: string, password: string = PASSWORD) =>
  world.a.mutate('signIn', { email, password }, GOT, { headers: { 'x-forwarded-for': address } });

/** What is counted of the user's guesses. */
export const guesses = async (world: World, user: TestUser) =>
  (await world.database.row<{ count: number; retryAt: Date | null }>(
    'SELECT count, retry_at FROM limit_counter WHERE key = $1',
    [`guess:${user.id}`],
  )) ?? { count: 0, retryAt: null };

/** How many sessions the user has, in whatever state. */
export const sessionCount = async (world: World, user: TestUser): Promise<number> =>
  Number(
    (
      await world.database.row<{ n: string }>('SELECT count(*) AS n FROM session WHERE user_id = $1', [
        user.id,
      ])
    )?.n,
  );

/** Why answers of the user were refused, as the audit log knows it, in alphabetical order. */
export const refusals = async (world: World, user: TestUser): Promise<string[]> =>
  (
    await world.database.rows<{ reason: string }>(
      `SELECT reason FROM audit_event WHERE user_id = $1 AND type = 'CHALLENGE_ANSWERED' AND outcome = 'FAILURE'
       ORDER BY reason`,
      [user.id],
    )
  ).map(({ reason }) => reason);

/** Every row of every table as text; bytes are in hexadecimal. */
export async function dump(world: World): Promise<string> {
  const tables = await world.database.rows<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await world.database.rows<{ line: string }>(`SELECT t::text AS line FROM "${name}" t`);
    texts.push(...rows.map(({ line }) => `${name} ${line}`));
  }
  return texts.join('\n');
}

/** Empties Redis, whatever runs on it. */
export async function flushRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

/** The code of the last mail to an address that brought one. Mails that wait together arrive in any order. */
export async function mailedCode(world: World, address: string): Promise<string> {
  const messages = (await world.inbox()).filter(({ to }) => to === address);
  // Notices, which hold no code, may arrive before or after it.
  const code = messages.flatMap(({ text }) => /\b(\d{8}|\d{6})\b/.exec(text)?.[1] ?? []).at(-1);
  if (!code) throw new Error(`no code was sent to ${address}`);
  return code;
}
