import { generateKeyPairSync } from 'node:crypto';
import { describeOnEachBackend } from '../support/backends';
import { GOT, World, type TestUser } from '../support/world';
import { Carrier } from '../integration/delivery-support';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SENT = { status: 200, body: JSON.stringify({ name: 'projects/acme/messages/1' }) };
const UNREGISTERED = {
  status: 404,
  body: JSON.stringify({
    error: {
      code: 404,
      status: 'NOT_FOUND',
      message: 'Requested entity was not found.',
      details: [
        { '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' },
      ],
    },
  }),
};

describeOnEachBackend('a phone that is rung by Firebase Cloud Messaging', (backend) => {
  let world: World;
  let google: Carrier;
  let fcm: Carrier;
  beforeAll(async () => {
    google = await Carrier.open(() => ({
      status: 200,
      body: JSON.stringify({ access_token: 'ya29.one', expires_in: 3600 }),
    }));
    fcm = await Carrier.open(() => SENT);
    const account = {
      type: 'service_account',
      project_id: 'acme',
      client_email: 'push@acme.iam.example.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${google.url}/token`,
    };
    world = await World.open(backend, {
      environment: { FCM_ENDPOINT: fcm.url, FCM_SERVICE_ACCOUNT: JSON.stringify(account) },
    });
  });
  afterAll(async () => {
    await world.close();
    await Promise.all([google.close(), fcm.close()]);
  });

  async function owner(pushToken: string) {
    const user = await world.user();
    const phone = await user.pairPhone();
    // The phone of the tests is one for the terminal; here it plays one that Google's service can ring.
    await world.database.affected(`UPDATE device SET platform = 'ANDROID' WHERE user_id = $1`, [user.id]);
    const updated = await world.a.mutate('updateDevice', { pushToken, name: 'My phone' }, 'device { name }', {
      authorization: await phone.authorization(),
    });
    expect(updated).toMatchObject({ errors: [], device: { name: 'My phone' } });
    return { user, phone };
  }
  async function ring(user: TestUser) {
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const factorId = flow.factors.find((factor: { kind: string }) => factor.kind === 'PUSH').id;
    const got = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    await world.a.app.outbox.deliverDue();
    return { ...got, flowToken: flowToken as string };
  }
  const deliveryOf = async (flowToken: string) =>
    (
      await world.a.ask('query($t: String!) { authFlow(flowToken: $t) { challenge { delivery } } }', {
        t: flowToken,
      })
    ).data.authFlow.challenge.delivery as string;

  it('is sent the opaque message of its challenge, and the login screen learns that it is on its way', async () => {
    const { user, phone } = await owner('token-of-this-phone');
    const { flow, flowToken } = await ring(user);
    const { message } = JSON.parse(fcm.seen.at(-1)?.body ?? '{}') as { message: Record<string, unknown> };
    expect(message).toMatchObject({
      token: 'token-of-this-phone',
      data: { type: 'MFA_CHALLENGE', challenge: flow.challenge.id, appName: 'Factorgate' },
    });
    expect(fcm.seen.at(-1)?.body.replace(`"apns-priority":"10"`, '')).not.toContain(
      `"${String(flow.challenge.numberToMatch)}"`,
    );
    expect(await deliveryOf(flowToken)).toBe('SENT');
    expect(flow.factors.find((factor: { kind: string }) => factor.kind === 'PUSH').hint).toBe('My phone');
    expect(await phone.approvals()).toHaveLength(1);
    expect(await deliveryOf(flowToken)).toBe('RECEIVED');
  });

  it('PUSH-11 is not called twice once the service knows it no more, and can still fetch and answer', async () => {
    const { user, phone } = await owner('token-long-gone');
    fcm.answer = () => UNREGISTERED;
    const before = fcm.seen.length;
    const first = await ring(user);
    await world.advance(60);
    await world.a.app.outbox.deliverDue();
    expect(fcm.seen.length).toBe(before + 1);
    expect(await deliveryOf(first.flowToken)).toBe('FAILED');
    await world.advance(70);
    const second = await ring(user);
    expect(fcm.seen.length).toBe(before + 1);
    const [asked] = await phone.approvals();
    if (!asked) throw new Error('nothing waits on the phone');
    await phone.send(await phone.answer(asked, 'APPROVE', second.flow.challenge.numberToMatch));
    const done = await world.a.mutate('completeAuthFlow', { flowToken: second.flowToken }, GOT);
    expect(done.flow.status).toBe('COMPLETED');
    fcm.answer = () => SENT;
  });

  it('that takes its address back is rung no more', async () => {
    const { user, phone } = await owner('token-to-be-taken-back');
    const before = fcm.seen.length;
    await world.a.mutate('updateDevice', { pushToken: '' }, 'device { id }', {
      authorization: await phone.authorization(),
    });
    await ring(user);
    expect(fcm.seen.length).toBe(before);
  });
});
