import { TerminalDevice, type Approval } from '../../src/cli/device';
import { liftPushPause } from './attempts';
import { GOT, type GatewayClient, type TestUser, type World } from './world';

/** A user, the phone they paired, and the browser that they have signed in from before. */
export interface PhoneOwner {
  readonly user: TestUser;
  readonly phone: TerminalDevice;
  readonly deviceToken: string;
  /** `Bearer …` of the session in which the phone was paired: proven by the password alone. */
  readonly authorization: string;
}

export async function userWithPhone(world: World): Promise<PhoneOwner> {
  const user = await world.user();
  const { tokens } = await user.signIn();
  const authorization = `Bearer ${tokens.accessToken as string}`;
  const phone = await user.pairPhone(authorization);
  return { user, phone, authorization, deviceToken: tokens.deviceToken as string };
}

/** The same phone, talking to another process. */
export const phoneAt = (phone: TerminalDevice, gateway: GatewayClient, world: World): TerminalDevice =>
  new TerminalDevice(phone.snapshot(), gateway.graphqlUrl, world);

/** A sign-in that has rung the phone; `number` is what its login screen shows. */
export interface Ringing {
  readonly flowId: string;
  readonly flowToken: string;
  readonly number: string;
  readonly challengeId: string;
}

export async function ring(owner: PhoneOwner, gateway?: GatewayClient): Promise<Ringing> {
  await liftPushPause(owner.user.world, owner.user);
  const begun = await owner.user.signIn({ deviceToken: owner.deviceToken }, gateway);
  const { challenge } = begun.flow ?? {};
  if (challenge?.kind !== 'PUSH') throw new Error(`no push was started: ${JSON.stringify(begun)}`);
  return {
    flowId: begun.flow.id,
    flowToken: begun.flowToken,
    number: challenge.numberToMatch,
    challengeId: challenge.id,
  };
}

/** What the phone finds waiting, if it is one request. */
export async function asked(phone: TerminalDevice): Promise<Approval> {
  const waiting = await phone.approvals();
  const [only] = waiting;
  if (!only || waiting.length > 1) throw new Error(`not one request waits: ${JSON.stringify(waiting)}`);
  return only;
}

export const approve = async (phone: TerminalDevice, number: string) =>
  phone.respond(await asked(phone), 'APPROVE', number);

export const complete = (gateway: GatewayClient, flowToken: string) =>
  gateway.mutate('completeAuthFlow', { flowToken }, GOT);

/** Another two digits. */
export const otherNumber = (number: string): string => String((Number(number) + 1) % 100).padStart(2, '0');

/** The flow as a page that polls reads it. */
export const readFlow = async (gateway: GatewayClient, flowToken: string) =>
  (
    await gateway.ask(
      'query($flowToken: String!) { authFlow(flowToken: $flowToken) { status reason challenge { id kind } } }',
      { flowToken },
    )
  ).data.authFlow;
