import { DEFAULT_POLICY, type PolicyValues } from '../../src/features/policy';
import { GOT, type GatewayClient, type TestUser, type World } from './world';

/** Signs in with password and app; `more` goes with the answer, for example `rememberDevice`. */
export async function signInFully(user: TestUser, more: object = {}, deviceToken?: string) {
  const { world } = user;
  await world.advance(60);
  const { flowToken, flow } = await user.signIn({ deviceToken });
  if (flow.challenge?.kind !== 'TOTP') {
    const { id } = flow.factors.find(({ kind }: { kind: string }) => kind === 'TOTP');
    await world.a.mutate('startChallenge', { flowToken, factorId: id }, GOT);
  }
  const input = { flowToken, proof: { code: await user.code() }, ...more };
  const done = await world.a.mutate('verifyChallenge', input, GOT);
  if (!done.tokens) throw new Error(`not signed in: ${JSON.stringify(done)}`);
  return done;
}

/** A browser of the user that was remembered just now: its token, and `Bearer …` of its session. */
export async function rememberedBrowser(user: TestUser, deviceToken?: string) {
  const { tokens } = await signInFully(user, { rememberDevice: true }, deviceToken);
  return {
    deviceToken: tokens.deviceToken as string,
    authorization: `Bearer ${tokens.accessToken as string}`,
  };
}

/** Whether the password alone signs in from the browser. */
export async function isSpared(
  user: TestUser,
  deviceToken: string | undefined,
  more: object = {},
  gateway: GatewayClient = user.world.a,
): Promise<boolean> {
  const { tokens, flow, errors } = await user.signIn({ autoStart: false, deviceToken, ...more }, gateway);
  if (tokens === null && flow?.status === 'CHALLENGE_REQUIRED') return false;
  if (tokens !== null && flow.reason === 'CHALLENGE_NOT_NEEDED') return true;
  throw new Error(`neither spared nor asked: ${JSON.stringify({ flow, errors })}`);
}

/** How many browsers of the user are remembered at present. */
export const rememberedCount = async (user: TestUser): Promise<number> =>
  (
    await user.world.database.rows(
      'SELECT 1 FROM known_device WHERE user_id = $1 AND remembered_until > gateway_now()',
      [user.id],
    )
  ).length;

/** Makes browsers of the user unknown again; null: all. */
export const forget = (user: TestUser, authorization: string, deviceIds: readonly string[] | null) =>
  user.world.a.mutate('forgetDevices', { deviceIds }, 'user { id knownDevices { id } }', { authorization });

/** Puts changed values of the policy into force while `run` runs. */
export async function underPolicy(world: World, changes: Partial<PolicyValues>, run: () => Promise<void>) {
  const put = (values: PolicyValues) =>
    world.a.app.policies.change({ values, basedOn: null, updatedBy: null });
  await put({ ...DEFAULT_POLICY, ...changes });
  try {
    await run();
  } finally {
    await put(DEFAULT_POLICY);
  }
}
