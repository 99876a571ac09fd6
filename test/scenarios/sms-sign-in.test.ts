import { answer, codeOf, mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import {
  CODE_SETUP,
  SENDING,
  arrived,
  askCode,
  enrollByCode,
  freshNumber,
  liftSendLimits,
  otherCode,
  startByCode,
  userWithNumber,
} from '../support/sent-codes';
import { GOT, World } from '../support/world';

describeOnEachBackend('signing in with a code by SMS', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2, environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(() => liftSendLimits(world));

  it('sends the code by itself, on one gateway, and takes it on another', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await user.signIn();
    expect(got).toMatchObject({
      errors: [],
      tokens: null,
      flow: {
        status: 'CHALLENGE_PENDING',
        challenge: {
          __typename: 'CodeChallenge',
          kind: 'SMS',
          factor: { id: factorId },
          sentTo: `•••• •• ${phoneNumber.slice(-2)}`,
          codeLength: 6,
          codeFormat: 'NUMERIC',
          attemptsRemaining: 5,
          delivery: 'QUEUED',
          expiresAt: new Date(world.clock.now().getTime() + 300_000).toISOString(),
          resendableAt: new Date(world.clock.now().getTime() + 60_000).toISOString(),
        },
      },
    });
    expect(got.flow.factors[0]).toMatchObject({
      id: factorId,
      kind: 'SMS',
      label: 'Phone number',
      hint: `•••• ${phoneNumber.slice(-2)}`,
    });
    const code = await mailedCode(world, phoneNumber);
    const done = await answer(world.b, got.flowToken, code);
    expect(done).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED' },
      tokens: { session: { assurance: 'AAL2', methods: ['pwd', 'sms', 'mca', 'mfa'] } },
    });
  });

  it('the message says for what it is, and binds the code to the site', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    const text =
      (await arrived(world, phoneNumber)).find((message) => message.text.includes(code))?.text ?? '';
    expect(text).toContain(`Your code for Factorgate is ${code}.`);
    expect(text.split('\n').at(-1)).toBe(`@id.example.com #${code}`);
    await world.database.affected(`UPDATE users SET locale = 'de-CH' WHERE id = $1`, [user.id]);
    await askCode(world, user, factorId);
    const german = await mailedCode(world, phoneNumber);
    expect((await arrived(world, phoneNumber)).map((message) => message.text).join('\n')).toContain(
      `Ihr Code für Factorgate ist ${german}.`,
    );
  });

  it('the waiting screen hears that the message was sent', async () => {
    const { user, factorId } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const watched = world.b.follow(got.flowToken);
    await watched.until((flow) => flow.challenge?.delivery === 'QUEUED');
    await world.settle();
    await watched.until((flow) => flow.challenge?.delivery === 'SENT');
    watched.stop();
  });

  it('another factor may be chosen instead, and the open code is over', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const first = await askCode(world, user, factorId);
    const signedIn = await answer(world.a, first.flowToken, await mailedCode(world, phoneNumber));
    const appId = await user.enrollTotp(`Bearer ${signedIn.tokens.accessToken as string}`);
    await world.advance(60);
    const got = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    await world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId: appId }, GOT);
    const refused = await answer(world.a, got.flowToken, otherCode(code));
    expect([codeOf(refused), refused.flow.challenge.kind]).toEqual(['INVALID_CODE', 'TOTP']);
    expect((await answer(world.a, got.flowToken, await user.code())).flow.status).toBe('COMPLETED');
  });

  it('a national number is read with its country, and a code may be sent again after a minute', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const input = { kind: 'SMS', phoneNumber: '079 123 45 67', defaultCountry: 'ch', label: 'Work phone' };
    const started = await startByCode(world, authorization, input);
    expect(started.enrollment).toMatchObject({ status: 'PENDING', setup: { sentTo: '•••• •• 67' } });
    // What waits together may arrive in any order.
    await mailedCode(world, '+41791234567');
    expect(codeOf(await startByCode(world, authorization, input))).toBe('TOO_SOON');
    await world.advance(60);
    const again = await startByCode(world, authorization, input);
    const proof = { code: await mailedCode(world, '+41791234567') };
    const confirm = (enrollmentToken: string) =>
      world.a.mutate('confirmEnrollment', { enrollmentToken, proof }, CODE_SETUP, { authorization });
    expect(codeOf(await confirm(started.enrollmentToken))).toBe('INVALID_TOKEN');
    expect((await confirm(again.enrollmentToken)).enrollment.factor).toMatchObject({
      kind: 'SMS',
      label: 'Work phone',
      hint: '•••• 67',
    });
  });

  it('a user may have three numbers', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const done = await answer(world.a, got.flowToken, await mailedCode(world, phoneNumber));
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    for (let more = 0; more < 2; more += 1)
      await enrollByCode(world, user, { phoneNumber: freshNumber() }, authorization);
    const fourth = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: freshNumber() });
    expect(codeOf(fourth)).toBe('FACTOR_LIMIT_REACHED');
  });
});
