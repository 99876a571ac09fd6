/**
 * The attack: having a stranger's account recovered before its owner can object: by asking twice, by a clock that can be
 * moved, by using what is not ready yet or is void, or in silence.
 * The guarantee: the waiting period runs from the last approval by the database's clock and is told on every channel at its
 * start, its half and its end, each time with a link that stops it. Nobody but the owner loses time by it, and nothing.
 */
import { codeOf, guesses, liftFlowLimit, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import {
  HOUR,
  ONE_APPROVAL,
  REQUEST,
  approve,
  approvedRecovery,
  askForHelp,
  cancelToken,
  codesMailed,
  confirmApp,
  decide,
  freshly,
  helpDesk,
  mailedRecoveryCode,
  mailsTo,
  newApp,
  readyRecovery,
  statusOf,
  useCode,
} from '../support/recovery';
import { GOT, World, type TestUser } from '../support/world';

describe('the waiting period of a recovery', () => {
  let world: World;
  let people: TestUser[];
  beforeAll(async () => {
    world = await World.open(embedded, { gateways: 2, environment: ONE_APPROVAL });
    people = await helpDesk(world, 1);
  });
  afterAll(() => world.close());

  const subjects = async (user: TestUser) =>
    (await mailsTo(world, user)).map(({ subject }) => subject.replace('Factorgate: ', ''));
  const cancelPage = (method: 'GET' | 'POST', token: string) =>
    method === 'GET'
      ? fetch(`${world.b.url}/recovery/cancel?token=${encodeURIComponent(token)}`)
      : fetch(`${world.b.url}/recovery/cancel`, {
          method,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ token }),
        });

  it('REC-02 ends 24 h after the last approval, not before, and the code is void 24 h later', async () => {
    const { user, requestId } = await approvedRecovery(world, people);
    await world.advance(24 * HOUR - 60);
    await world.settle();
    expect(await codesMailed(world, user)).toBe(0);
    await expect(useCode(world, user, '0000-0000-0000-0000')).rejects.toThrow('no temporary code');
    await world.advance(61);
    await world.settle();
    expect(await statusOf(world, requestId)).toBe('READY');
    const code = await mailedRecoveryCode(world, user);
    await world.advance(24 * HOUR - 120);
    expect((await useCode(world, user, code)).flow.status).toBe('ENROLLMENT_REQUIRED');

    const late = await readyRecovery(world, people);
    await world.advance(24 * HOUR + 60);
    await expect(useCode(world, late.user, late.code)).rejects.toThrow('no temporary code');
    await world.settle();
    expect(await statusOf(world, late.requestId)).toBe('EXPIRED');
  });

  it('REC-02 an enrollment that was begun in time is refused once the recovery is void', async () => {
    const { user, code } = await readyRecovery(world, people);
    await world.advance(24 * HOUR - 120);
    const { flowToken } = await useCode(world, user, code);
    const enrollmentToken = await newApp(world, user, flowToken);
    await world.advance(121);
    expect(codeOf(await confirmApp(user, enrollmentToken, world.a))).toBe('INVALID_TOKEN');
  });

  it('REC-02 a second request is the first one: it restarts, extends and voids nothing', async () => {
    const user = await userWithApp(world);
    const first = await askForHelp(world, user);
    expect(first.request).toMatchObject({ status: 'PENDING', readyAt: null, requiredApprovals: 1 });
    await approve(world, people, first.request.id);
    const { request } = await askForHelp(world, user);
    const told = (await mailsTo(world, user)).length;
    await world.advance(12 * HOUR);
    const again = await askForHelp(world, user, world.b);
    expect(again.request).toEqual({ ...request, id: first.request.id, status: 'APPROVED' });
    expect(await mailsTo(world, user)).toHaveLength(told);
    await world.advance(12 * HOUR);
    await world.settle();
    const code = await mailedRecoveryCode(world, user);
    expect((await askForHelp(world, user)).request).toMatchObject({ id: request.id, status: 'READY' });
    expect(await mailedRecoveryCode(world, user)).toBe(code);
    expect((await useCode(world, user, code)).errors).toEqual([]);
  });

  it('REC-02 undecided, a request is void after seven days, and another may follow', async () => {
    const user = await userWithApp(world);
    const { request } = await askForHelp(world, user);
    await world.advance(7 * 24 * HOUR);
    expect(codeOf(await decide(world.a, await freshly(people[0] as TestUser), request.id))).toBe(
      'WRONG_STATUS',
    );
    const next = await askForHelp(world, user);
    expect(next.request.id).not.toBe(request.id);
    expect(await statusOf(world, request.id)).toBe('EXPIRED');
  });

  it('REC-01 at most three requests a day, each of which sends a message', async () => {
    const user = await userWithApp(world);
    for (let asked = 0; asked < 3; asked += 1) {
      const { errors, flowToken } = await askForHelp(world, user);
      expect(errors).toEqual([]);
      await world.a.mutate('cancelRecovery', { cancelToken: await cancelToken(world, user) }, REQUEST);
      await world.a.mutate('cancelAuthFlow', { flowToken }, 'flow { id }');
    }
    expect(codeOf(await askForHelp(world, user))).toBe('RATE_LIMITED');
  });

  it('REC-03 start, half and end are told with the link, and so is the end by the owner', async () => {
    const { user } = await approvedRecovery(world, people);
    const seen = async () => (await subjects(user)).filter((subject) => /recover|code/i.test(subject));
    expect(await seen()).toEqual([
      'Somebody asked to recover your account',
      'The recovery of your account was approved',
    ]);
    await world.advance(12 * HOUR + 1);
    await Promise.all([world.a.app.sweep(), world.b.app.sweep()]);
    expect((await seen()).slice(2)).toEqual(['The recovery of your account is under way']);
    await world.advance(12 * HOUR);
    await Promise.all([world.a.app.sweep(), world.b.app.sweep()]);
    expect((await seen()).slice(3).sort()).toEqual([
      'Your account can be recovered now',
      'Your temporary code for Factorgate',
    ]);
    for (const { subject, text } of (await mailsTo(world, user)).slice(1))
      if (/recover|temporary/i.test(subject))
        expect(text).toContain('https://id.example.com/recovery/cancel?token=');
    await world.a.mutate('cancelRecovery', { cancelToken: await cancelToken(world, user) }, REQUEST);
    expect((await seen()).at(-1)).toBe('The recovery was stopped');
  });

  it('REC-03 looking at the link changes nothing, the button stops it, and the code is dead', async () => {
    const { user, requestId, code } = await readyRecovery(world, people);
    const token = await cancelToken(world, user);
    const shown = await cancelPage('GET', token);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await shown.text()).toContain('Stop the recovery?');
    expect(await statusOf(world, requestId)).toBe('READY');
    const { flowToken } = await useCode(world, user, code);
    const enrollmentToken = await newApp(world, user, flowToken);
    expect(await (await cancelPage('POST', token)).text()).toContain('is stopped');
    expect(await statusOf(world, requestId)).toBe('CANCELED');
    expect(codeOf(await confirmApp(user, enrollmentToken, world.a))).toBe('INVALID_TOKEN');
    expect((await user.signInWithTotp()).tokens).not.toBeNull();
    expect(await (await cancelPage('POST', token)).text()).toContain('is stopped');
  });

  it('REC-03 a link that was not made here stops nothing', async () => {
    const { user, requestId } = await approvedRecovery(world, people);
    const token = await cancelToken(world, user);
    for (const forged of [`${token}x`, token.replace('rec_', 'rec_0'), '', 'a~b~c', '~~', requestId]) {
      expect((await cancelPage('GET', forged)).status).toBe(404);
      expect((await cancelPage('POST', forged)).status).toBe(404);
      const refused = await world.a.mutate('cancelRecovery', { cancelToken: forged }, REQUEST);
      expect(codeOf(refused)).toBe('INVALID_TOKEN');
    }
    expect(await statusOf(world, requestId)).toBe('APPROVED');
  });

  it('REC-08 the link is the configured address, whatever the request claims', async () => {
    const user = await userWithApp(world);
    await liftFlowLimit(world);
    const headers = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
    const { flowToken } = await user.signIn({ autoStart: false });
    await world.a.mutate('requestRecovery', { flowToken }, REQUEST, { headers });
    const texts = (await mailsTo(world, user)).map(({ text }) => text).join();
    expect(texts).not.toContain('evil');
    expect(await cancelToken(world, user)).toMatch(/^v1~rec_/);
  });

  it('REC-03 a sign-in with the second factor ends it; one with the password alone does not', async () => {
    const { user, requestId } = await approvedRecovery(world, people);
    await world.advance(10 * HOUR);
    await liftFlowLimit(world);
    await user.signIn();
    expect(await statusOf(world, requestId)).toBe('APPROVED');
    expect((await user.signInWithTotp(world.b)).errors).toEqual([]);
    expect(await statusOf(world, requestId)).toBe('CANCELED');
    await world.advance(15 * HOUR);
    await world.settle();
    expect(await codesMailed(world, user)).toBe(0);
  });

  it('REC-03 the signed-in owner stops it, and nobody stops another’s', async () => {
    const owner = await userWithApp(world);
    const authorization = `Bearer ${(await owner.signInWithTotp()).tokens.accessToken as string}`;
    const { request } = await askForHelp(world, owner);
    const stranger = await (await world.user()).firstSignIn();
    const cancel = (bearer: string, input: object = {}) =>
      world.a.mutate('cancelRecovery', input, REQUEST, { authorization: bearer });
    expect(codeOf(await cancel(stranger, { requestId: request.id }))).toBe('NOT_FOUND');
    expect(codeOf(await cancel(stranger))).toBe('NOT_FOUND');
    expect((await cancel(authorization)).request).toMatchObject({ id: request.id, status: 'CANCELED' });
  });

  it('REC-10 changes nothing for its owner: sessions stand, sign-ins go as always, nothing is counted', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: tokens.refreshToken },
      'tokens { accessToken }',
    );
    expect(refreshed.errors).toEqual([]);
    const ask = { authorization: `Bearer ${refreshed.tokens.accessToken as string}` };
    const { data } = await world.a.ask('{ viewer { factors { kind } enrollmentDueAt } }', {}, ask);
    expect(data.viewer).toEqual({
      factors: [{ kind: 'TOTP' }, { kind: 'BACKUP_CODE' }],
      enrollmentDueAt: null,
    });
    expect(await guesses(world, user)).toMatchObject({ count: 0 });
    expect(await statusOf(world, request.id)).toBe('APPROVED');
    await liftFlowLimit(world);
    expect((await user.signIn()).flow).toMatchObject({
      status: 'CHALLENGE_PENDING',
      challenge: { kind: 'TOTP' },
    });
  });

  it('is asked for only where the first factor is proven and the second is open', async () => {
    const { flowToken: reset } = await world.a.mutate(
      'startPasswordReset',
      { email: 'nobody@example.com' },
      GOT,
    );
    const bare = await world.user();
    const { flowToken: done } = await bare.signIn();
    const tried = async (flowToken: unknown) =>
      codeOf(await world.a.mutate('requestRecovery', { flowToken }, REQUEST));
    expect(await tried(reset)).toBe('WRONG_STATUS');
    expect(await tried(done)).toBe('INVALID_TOKEN');
    expect(await tried('nonsense')).toBe('INVALID_TOKEN');
  });
});
