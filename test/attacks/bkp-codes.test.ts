/**
 * The attack: guessing, stealing or replaying backup codes; using one person's code for another; having new codes made
 * by a stolen session.
 * The guarantee: 60 random bits a code, kept only as peppered Argon2id hashes, good once and for their owner, replaced as a
 * whole, and every wrong one counts like any other wrong code.
 */
import { answer, codeOf, flowTokens, liftFlowLimit, wrongCode } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { GOT, World, type TestUser } from '../support/world';

const CODES = 'codes factor { id kind codesRemaining }';

async function withBackupCode(world: World, user: TestUser, gateway = world.a) {
  await liftFlowLimit(world);
  const { flowToken, flow } = await user.signIn({ autoStart: false });
  const factorId = flow.factors.find((factor: { kind: string }) => factor.kind === 'BACKUP_CODE').id;
  const { flow: started } = await gateway.mutate('startChallenge', { flowToken, factorId }, GOT);
  expect(started.challenge).toMatchObject({
    kind: 'BACKUP_CODE',
    codeLength: 12,
    codeFormat: 'ALPHANUMERIC',
    resendableAt: null,
    sentTo: null,
  });
  return flowToken as string;
}

async function person(world: World): Promise<TestUser> {
  const user = await world.user();
  await user.enrollTotp();
  await world.advance(60);
  return user;
}

describeOnEachBackend('backup codes', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const signedIn = async (user: TestUser) =>
    `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
  const generate = (authorization: string) =>
    world.a.mutate('generateBackupCodes', {}, CODES, { authorization });

  it('BKP-01 come with the first factor, ten of them, in the form that one can write down', async () => {
    const user = await person(world);
    expect(user.backupCodes).toHaveLength(10);
    expect(new Set(user.backupCodes).size).toBe(10);
    for (const code of user.backupCodes)
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
    const { data } = await world.a.ask(
      '{ viewer { backupCodesRemaining factors { kind codesRemaining } } }',
      {},
      { authorization: await signedIn(user) },
    );
    expect(data.viewer).toEqual({
      backupCodesRemaining: 10,
      factors: [
        { kind: 'TOTP', codesRemaining: null },
        { kind: 'BACKUP_CODE', codesRemaining: 10 },
      ],
    });
  });

  it('BKP-02 are nowhere in the database, and no operation shows them again', async () => {
    const user = await person(world);
    const dump: string[] = [];
    const tables = await world.database.rows<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    for (const { name } of tables) {
      dump.push(JSON.stringify(await world.database.rows(`SELECT t::text AS row FROM "${name}" t`)));
    }
    for (const code of user.backupCodes) {
      for (const form of [code, code.replaceAll('-', '')]) {
        expect(dump.join('')).not.toContain(form);
        expect(world.logged.join('')).not.toContain(form);
      }
    }
    const salts = await world.database.rows<{ salt: Buffer }>('SELECT salt FROM backup_code_set');
    expect(new Set(salts.map(({ salt }) => salt.toString('hex'))).size).toBe(salts.length);
  });

  it('BKP-05 are read as people write them, and used once in all those forms', async () => {
    const user = await person(world);
    const [code = ''] = user.backupCodes;
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    const done = await answer(world.a, await withBackupCode(world, user), typed);
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'backup_code', 'mfa'] });
    const flowToken = await withBackupCode(world, user);
    for (const form of [code, code.toLowerCase()]) {
      expect(codeOf(await answer(world.a, flowToken, form))).toBe('INVALID_CODE');
    }
    for (const malformed of [
      'Ａ123-4567-89AB',
      'ABCD',
      'ABCD-EFGH-JKMU',
      'А123-4567-89AB',
      '1'.repeat(65),
      '',
    ]) {
      const refused = await answer(world.a, flowToken, malformed);
      expect([malformed, codeOf(refused)]).toEqual([malformed, 'INVALID_INPUT']);
      expect(refused.flow.challenge.attemptsRemaining).toBe(3);
    }
  });

  it('BKP-04 are good for their owner only, and stay good for them', async () => {
    const [one, other] = [await person(world), await person(world)];
    const [code = ''] = other.backupCodes;
    expect(codeOf(await answer(world.a, await withBackupCode(world, one), code))).toBe('INVALID_CODE');
    expect((await answer(world.a, await withBackupCode(world, other), code)).flow.status).toBe('COMPLETED');
  });

  it('BKP-06 a new set wants a fresh step-up, replaces the old one, and is told', async () => {
    const user = await person(world);
    const authorization = await signedIn(user);
    const [old = ''] = user.backupCodes;
    const { codes, factor } = await generate(authorization);
    expect(codes).toHaveLength(10);
    expect(factor).toMatchObject({ kind: 'BACKUP_CODE', codesRemaining: 10 });
    expect(codeOf(await answer(world.a, await withBackupCode(world, user), old))).toBe('INVALID_CODE');
    expect((await answer(world.a, await withBackupCode(world, user), codes[0])).flow.status).toBe(
      'COMPLETED',
    );
    const subjects = (await world.inbox())
      .filter(({ to }) => to === user.email)
      .map(({ subject }) => subject);
    expect(subjects).toContain('Factorgate: New backup codes');
    await world.advance(301);
    expect(['STEP_UP_REQUIRED', 'UNAUTHENTICATED']).toContain(
      await generate(authorization).then(codeOf, () => 'UNAUTHENTICATED'),
    );
  });

  it('BKP-07 each use is told with the number left, and at three the account advises new ones', async () => {
    const user = await person(world);
    for (const code of user.backupCodes.slice(0, 7)) {
      expect((await answer(world.a, await withBackupCode(world, user), code)).flow.status).toBe('COMPLETED');
      await world.inbox();
    }
    const texts = (await world.inbox()).filter(({ to }) => to === user.email).map(({ text }) => text);
    expect(texts.join()).toMatch(/Codes left: 3/);
    const { data } = await world.a.ask('{ viewer { advice } }', {}, { authorization: await signedIn(user) });
    expect(data.viewer.advice).toEqual(['RENEW_BACKUP_CODES']);
  });

  it('BKP-08 wrong ones count together with other wrong codes', async () => {
    const user = await person(world);
    const [token = ''] = await flowTokens(world, user, 1);
    const wrong = await wrongCode(world, user);
    for (let tries = 0; tries < 2; tries += 1) await answer(world.a, token, wrong);
    const other = await withBackupCode(world, user);
    for (let tries = 0; tries < 3; tries += 1) {
      expect(codeOf(await answer(world.b, other, '0000-0000-0000'))).toBe('INVALID_CODE');
    }
    expect(codeOf(await answer(world.a, other, user.backupCodes[0] ?? ''))).toBe('RATE_LIMITED');
  });

  it('BKP-09 a session of a code may add a factor, but not take others away, not even by that factor for a day', async () => {
    const user = await person(world);
    const done = await answer(world.a, await withBackupCode(world, user), user.backupCodes[0] ?? '');
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    const [app] = (await world.a.ask('{ viewer { factors { id } } }', {}, { authorization })).data.viewer
      .factors;
    const remove = (bearer: string) =>
      world.a.mutate('removeFactor', { factorId: app.id }, 'factor { id }', { authorization: bearer });
    expect(codeOf(await remove(authorization))).toBe('STEP_UP_REQUIRED');
    expect(codeOf(await generate(authorization))).toBe('STEP_UP_REQUIRED');
    expect(
      codeOf(
        await world.a.mutate('changeEmail', { newEmail: 'elsewhere@example.com' }, GOT, { authorization }),
      ),
    ).toBe('STEP_UP_REQUIRED');
    await user.enrollTotp(authorization);
    await world.advance(60);
    const { flowToken, flow } = await user.signIn();
    const isNew = flow.challenge.factor.id !== app.id;
    expect(isNew).toBe(true);
    const proven = await answer(world.a, flowToken, await user.code(0, 1));
    expect(codeOf(await remove(`Bearer ${proven.tokens.accessToken as string}`))).toBe('STEP_UP_REQUIRED');
    await world.advance(86_401);
    const later = await user.signIn();
    const trusted = await answer(world.a, later.flowToken, await user.code(0, 1));
    expect(codeOf(await remove(`Bearer ${trusted.tokens.accessToken as string}`))).toBeUndefined();
  });

  it('the token of a phone’s enrollment brings the codes once, and only where it was the first factor', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const { enrollmentToken } = await pairing(user, authorization);
    const byToken = (token: string) =>
      world.b.mutate('generateBackupCodes', { enrollmentToken: token }, CODES);
    expect((await byToken(enrollmentToken)).codes).toHaveLength(10);
    expect(codeOf(await byToken(enrollmentToken))).toBe('INVALID_TOKEN');
    const second = await person(world);
    const { enrollmentToken: later } = await pairing(second, await signedIn(second));
    expect(codeOf(await byToken(later))).toBe('INVALID_TOKEN');
    expect(codeOf(await byToken('nonsense'))).toBe('INVALID_TOKEN');
  });

  async function pairing(user: TestUser, authorization: string): Promise<{ enrollmentToken: string }> {
    const started = await world.a.mutate(
      'startEnrollment',
      { kind: 'PUSH' },
      'enrollmentToken enrollment { setup { ... on PushSetup { uri } } }',
      { authorization },
    );
    await user.pairBy(started.enrollment.setup.uri as string);
    return started;
  }
});

describeOnServers('backup codes, raced over two gateways', (servers) => {
  let world: World;
  beforeAll(async () => (world = await World.open(servers, { gateways: 2 })));
  afterAll(() => world.close());

  it('BKP-03 fifty flows with one code at the same instant open one session', async () => {
    const user = await person(world);
    const [code = ''] = user.backupCodes;
    const tokens: string[] = [];
    for (let begun = 0; begun < 50; begun += 1) tokens.push(await withBackupCode(world, user));
    const done = await Promise.all(
      tokens.map((token, index) => answer(index % 2 ? world.a : world.b, token, code)),
    );
    expect(done.filter(({ tokens: got }) => got !== null)).toHaveLength(1);
  });

  it('BKP-06 an old code and a new set at the same instant: afterwards the old code is dead either way', async () => {
    for (let round = 0; round < 10; round += 1) {
      const user = await person(world);
      const authorization = `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
      const [code = '', spare = ''] = user.backupCodes;
      const token = await withBackupCode(world, user);
      const [, made] = await Promise.all([
        answer(world.b, token, code),
        world.a.mutate('generateBackupCodes', {}, CODES, { authorization }),
      ]);
      expect(made.codes).toHaveLength(10);
      expect(codeOf(await answer(world.a, await withBackupCode(world, user), spare))).toBe('INVALID_CODE');
    }
  });
});
