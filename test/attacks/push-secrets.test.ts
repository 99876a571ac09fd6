/**
 * The attack: listening to the push service, to the phone's own traffic, to Redis or to the socket of a waiting screen,
 * for the number to type or for a token.
 * The guarantee: the number goes to the login screen and to nobody else, a push message says only that something waits,
 * and a token is in the reply of the call that collects it and nowhere else.
 */
import { Redis } from 'ioredis';
import { liftPushPause } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { approve, asked, complete, phoneAt, ring, userWithPhone } from '../support/phones';
import { SocketPeer } from '../support/socket-peer';
import { FLOW, PASSWORD, World } from '../support/world';

/** The number stands alone in a text, or as a value of its own: a part of an id or of an instant is none. */
const names = (text: string, number: string): boolean =>
  new RegExp(`"${number}"|\\b(is|code|number)\\W+${number}\\b`).test(text);

describeOnEachBackend('what a push gives away', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const inbox = async () =>
    (await (await fetch(`${world.a.url}/dev/inbox.json`)).json()) as readonly { readonly to: string }[];

  test('PUSH-11 the message holds an opaque id, the application and the time, and no word more', async () => {
    const owner = await userWithPhone(world);
    const { challengeId } = await ring(owner);
    await world.a.app.outbox.deliverDue();
    const [newest] = (await inbox()).filter(({ to }) => to === owner.phone.id);
    expect(newest).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      channel: 'push',
      to: owner.phone.id,
      subject: 'Is it you?',
      text: 'Open the app to answer a request.',
      data: {
        type: 'MFA_CHALLENGE',
        challenge: challengeId,
        appName: expect.any(String),
        timestamp: String(world.clock.now().getTime()),
      },
    });
  });

  test('PUSH-12 a phone that no push reaches fetches the request itself', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner);
    expect((await inbox()).filter(({ to }) => to === owner.phone.id)).toEqual([]);
    await approve(owner.phone, number);
    expect((await complete(world.a, flowToken)).tokens).not.toBeNull();
  });

  test('PUSH-03 no reply to the phone holds the number, whatever it asks', async () => {
    const owner = await userWithPhone(world);
    const replies: string[] = [];
    const [query, answered] = [
      '{ viewerDevice { id name approvals { id status purpose applicationName message numberDigits nonce createdAt expiresAt context { ipAddress location browser operatingSystem } } } }',
      'mutation($input: RespondToApprovalInput!) { respondToApproval(input: $input) { approval { id status message nonce numberDigits } errors { code message } } }',
    ];
    const { number } = await ring(owner);
    const phoneAsks = async (text: string, variables = {}) =>
      replies.push((await world.a.ask(text, variables, await owner.phone.headers())).body);
    await phoneAsks(query);
    expect(replies[0]).toContain('"PENDING"');
    const answer = await owner.phone.answer(await asked(owner.phone), 'APPROVE', number);
    await phoneAsks(answered, { input: { answer } });
    await phoneAsks(answered, { input: { answer } });
    expect(replies[1]).toContain('"APPROVED"');
    expect(replies[2]).toContain('CHALLENGE_CLOSED');
    for (const reply of replies) expect([reply, names(reply, number)]).toEqual([reply, false]);

    const hidden = await world.a.ask(
      '{ viewerDevice { approvals { number } } }',
      {},
      await owner.phone.headers(),
    );
    expect(hidden.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('PUSH-03 the number is two digits, and each pair comes up', async () => {
    const owner = await userWithPhone(world);
    const numbers: string[] = [];
    for (let times = 0; times < 12; times += 1) {
      const { number } = await ring(owner);
      numbers.push(number);
      await approve(owner.phone, number);
      await world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'flow:%'`);
    }
    expect(numbers.every((number) => /^\d\d$/.test(number))).toBe(true);
    // One pair twelve times over has the chance 10⁻²².
    expect(new Set(numbers).size).toBeGreaterThan(1);
  });

  test('PUSH-14 what the phone shows of the browser is short and steers nothing', async () => {
    const owner = await userWithPhone(world);
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const agents = [
      firefox,
      `${firefox}${'1'.repeat(8000)}`,
      `${firefox} \u009b2J\u0085`,
      `\u009b31m${'x'.repeat(500)}/1.0`,
    ];
    for (const agent of agents) {
      await liftPushPause(world, owner.user);
      const headers = { 'user-agent': agent };
      const reply = await world.a.ask(
        'mutation($input: SignInInput!) { signIn(input: $input) { flow { status } errors { code } } }',
        {
          input: {
            email: owner.user.email,
            password: PASSWORD,
            deviceToken: owner.deviceToken,
          },
        },
        { headers },
      );
      expect(reply.data.signIn.flow.status).toBe('CHALLENGE_PENDING');
      const { context } = await asked(owner.phone);
      for (const shown of Object.values(context)) {
        if (shown === null) continue;
        expect(shown.length).toBeLessThanOrEqual(200);
        expect(shown).not.toMatch(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
      }
      await owner.phone.respond(await asked(owner.phone), 'DENY');
    }
  });
});

describeOnServers('who listens to Redis and to the sockets', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('PUSH-13 hears no token in 50 sign-ins', async () => {
    const redis = new Redis(world.redisUrl ?? '');
    const monitor = await redis.monitor();
    const heard: string[] = [];
    monitor.on('monitor', (_time: string, words: string[]) => heard.push(words.join(' ')));
    const frames: string[] = [];
    const secrets: string[] = [];
    for (let people = 0; people < 10; people += 1) {
      const owner = await userWithPhone(world);
      const phone = phoneAt(owner.phone, world.b, world);
      for (let times = 0; times < 5; times += 1) {
        const { flowToken, number } = await ring(owner);
        const peer = await SocketPeer.ready(Number(new URL(world.b.url).port));
        peer.socket.on('message', (data) => frames.push((data as Buffer).toString()));
        peer.subscribe(
          '1',
          `subscription($flowToken: String!) { authFlow(flowToken: $flowToken) { ${FLOW} } }`,
          {
            flowToken,
          },
        );
        await peer.next('next');
        await approve(phone, number);
        const { tokens } = await complete(world.b, flowToken);
        await peer.next('complete');
        peer.close();
        secrets.push(
          flowToken,
          tokens.accessToken,
          tokens.refreshToken,
          tokens.deviceToken,
          tokens.session.id,
        );
      }
    }
    monitor.disconnect();
    redis.disconnect();
    expect(heard.length).toBeGreaterThan(100);
    // A process that reads late may see the collected flow at once: the end is what every screen is told.
    expect(frames.filter((frame) => frame.includes('"COMPLETED"'))).toHaveLength(50);
    expect(frames.some((frame) => frame.includes('"VERIFIED"'))).toBe(true);
    const everything = [...heard, ...frames].join('\n');
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
    expect(everything).not.toMatch(/eyJ[A-Za-z0-9_-]+\./);
  });
});
