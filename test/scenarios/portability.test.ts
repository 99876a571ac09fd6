import { hash as bcrypt } from '@node-rs/bcrypt';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { runCommand } from '../../src/commands';
import { codeOf } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { approve, complete, phoneAt } from '../support/phones';
import { SENDING, arrived, enrollByCode, freshNumber } from '../support/sent-codes';
import { GOT, PASSWORD, TestUser, World } from '../support/world';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

describeOnEachBackend('import and export of users', (backend) => {
  let home: World;
  let away: World;
  let stranger: World;
  let keys: Keys;
  let recipient: string;
  beforeAll(async () => {
    home = await World.open(backend, { environment: SENDING });
    away = await World.open(backend, { environment: SENDING, keyringLine: home.keyringLine });
    stranger = await World.open(backend, { environment: SENDING });
    keys = await generateKeyPair('ECDH-ES+A256KW', { extractable: true });
    recipient = JSON.stringify(await exportJWK(keys.publicKey));
  });
  afterAll(() => Promise.all([home, away, stranger].map((world) => world.close())));

  const run = async (world: World, ...command: string[]) => {
    const lines: string[] = [];
    const exit = await runCommand(world.a.app, command, (line) => lines.push(line));
    return { exit, lines };
  };
  const exported = async (email: string): Promise<string> => {
    const { exit, lines } = await run(home, 'export', 'page', recipient, '', email);
    expect([exit, lines.length, lines[1]]).toEqual([0, 2, '{"next":null}']);
    expect(lines[0]).not.toContain(email);
    return Buffer.from((await compactDecrypt(lines[0] ?? '', keys.privateKey)).plaintext).toString();
  };
  const importInto = async (world: World, lines: readonly (string | object)[], mode = 'real') => {
    const piece = lines.map((line, index) => [
      index + 1,
      typeof line === 'string' ? line : JSON.stringify(line),
    ]);
    const done = await run(world, 'import', 'lines', mode, JSON.stringify(piece));
    expect(done.exit).toBe(0);
    return { counts: JSON.parse(done.lines.at(-1) ?? '') as object, said: done.lines.slice(0, -1) };
  };
  /** The clocks of all worlds stand where this one's stands. */
  const level = async () => {
    const lead = Math.max(...[home, away].map((world) => world.now().getTime())) + 60_000;
    for (const world of [home, away]) await world.advance((lead - world.now().getTime()) / 1000);
  };
  const moved = async (user: TestUser, world = away): Promise<TestUser> => {
    expect(await importInto(world, [await exported(user.email)])).toMatchObject({ counts: { imported: 1 } });
    const there = new TestUser(world, user.id, user.email);
    there.apps.push(...user.apps);
    there.backupCodes = user.backupCodes;
    return there;
  };
  const choose = (
    user: TestUser,
    flowToken: string,
    kind: string,
    flow: { factors: { id: string; kind: string }[] },
  ) =>
    user.world.a.mutate(
      'startChallenge',
      { flowToken, factorId: flow.factors.find((factor) => factor.kind === kind)?.id },
      GOT,
    );

  it('with the same keyring, password, app and backup codes work on, codes that were used do not', async () => {
    const user = await home.user();
    await user.enrollTotp();
    const [used = '', left = ''] = user.backupCodes;
    const first = await user.signIn({ autoStart: false });
    await choose(user, first.flowToken, 'BACKUP_CODE', first.flow);
    await home.a.mutate('verifyChallenge', { flowToken: first.flowToken, proof: { code: used } }, GOT);
    await level();
    const spent = await user.code();
    const second = await user.signIn({ autoStart: false });
    await choose(user, second.flowToken, 'TOTP', second.flow);
    expect(
      (await home.a.mutate('verifyChallenge', { flowToken: second.flowToken, proof: { code: spent } }, GOT))
        .errors,
    ).toEqual([]);

    const there = await moved(user);
    expect(await away.inbox()).toEqual([]);
    const begun = await there.signIn({ autoStart: false });
    expect(begun.flow.factors.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'BACKUP_CODE',
      'TOTP',
    ]);
    const { flowToken } = begun;
    const answer = (code: string) => away.a.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);
    await choose(there, flowToken, 'TOTP', begun.flow);
    expect(codeOf(await answer(spent))).toBe('INVALID_CODE');
    await choose(there, flowToken, 'BACKUP_CODE', begun.flow);
    expect(codeOf(await answer(used))).toBe('INVALID_CODE');
    expect((await answer(left)).tokens.session.assurance).toBe('AAL2');
    expect((await there.signInWithTotp()).tokens.session.methods).toContain('otp');
  });

  it('with the same keyring, a number and a phone work on, without pairing the phone again', async () => {
    const user = await home.user();
    const phoneNumber = freshNumber();
    await enrollByCode(home, user, { phoneNumber });
    const begunHome = await user.signIn({ autoStart: false });
    await choose(user, begunHome.flowToken, 'SMS', begunHome.flow);
    const code = /\b(\d{6})\b/.exec((await arrived(home, phoneNumber)).at(-1)?.text ?? '')?.[1];
    const got = await home.a.mutate(
      'verifyChallenge',
      { flowToken: begunHome.flowToken, proof: { code } },
      GOT,
    );
    const phone = await user.pairPhone(`Bearer ${got.tokens.accessToken as string}`);
    await level();

    const there = await moved(user);
    const bySms = await there.signIn({ autoStart: false });
    await choose(there, bySms.flowToken, 'SMS', bySms.flow);
    const sent = /\b(\d{6})\b/.exec((await arrived(away, phoneNumber)).at(-1)?.text ?? '')?.[1];
    const proof = { code: sent };
    expect(
      (await away.a.mutate('verifyChallenge', { flowToken: bySms.flowToken, proof }, GOT)).tokens,
    ).not.toBeNull();
    const byPhone = await there.signIn({ autoStart: false });
    const rung = await choose(there, byPhone.flowToken, 'PUSH', byPhone.flow);
    await approve(phoneAt(phone, away.a, away), rung.flow.challenge.numberToMatch);
    expect((await complete(away.a, byPhone.flowToken)).tokens.session.assurance).toBe('AAL2');
  });

  it('with another keyring, the app works on, password and backup codes are told to be left behind', async () => {
    const user = await home.user();
    await user.enrollTotp();
    const line = await exported(user.email);
    const { said, counts } = await importInto(stranger, [line]);
    expect(counts).toEqual({ imported: 1, skipped: 0, faulty: 0 });
    expect(said).toEqual([
      'line 1: without password: KEYRING has not the key that it was hashed with; the user sets a new one by mail',
      'line 1: without backup codes: KEYRING has not the key that they were made with',
    ]);
    expect(codeOf(await new TestUser(stranger, user.id, user.email).signIn())).toBe('INVALID_CREDENTIALS');
    const { flowToken } = await stranger.a.mutate('startPasswordReset', { email: user.email }, GOT);
    const code = /\b(\d{8})\b/.exec((await arrived(stranger, user.email)).at(-1)?.text ?? '')?.[1];
    const proven = await stranger.a.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);
    expect(proven.flow.factors.map(({ kind }: { kind: string }) => kind)).toEqual(['TOTP']);
  });

  it('a hash of another system is compared once, then replaced by one of ours', async () => {
    const email = 'from-auth0@example.com';
    const line = {
      email,
      emailVerified: true,
      externalId: 'auth0|1',
      password: { hash: await bcrypt(PASSWORD, 4) },
    };
    expect(await importInto(away, [line])).toEqual({
      counts: { imported: 1, skipped: 0, faulty: 0 },
      said: [],
    });
    const stored = () =>
      away.database.row<{ passwordHash: string; passwordKey: string | null }>(
        'SELECT password_hash, password_key FROM users WHERE email_key = $1',
        [email],
      );
    const signIn = (password: string) => away.a.mutate('signIn', { email, password }, GOT);
    expect(codeOf(await signIn(`${PASSWORD}!`))).toBe('INVALID_CREDENTIALS');
    expect(await stored()).toMatchObject({ passwordKey: null });
    const both = await Promise.all([signIn(PASSWORD), signIn(PASSWORD)]);
    expect(both.map(codeOf)).toEqual([undefined, undefined]);
    expect(await stored()).toMatchObject({
      passwordKey: 'v1',
      passwordHash: expect.stringMatching(/^\$argon2id\$/) as string,
    });
    expect((await signIn(PASSWORD)).flow.status).toBe('COMPLETED');
  });

  it('a line with a fault leaves nothing behind, every fault is told with its line, and no value of it', async () => {
    const secret = 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP';
    const { said, counts } = await importInto(away, [
      '{"email":',
      { email: 'no address' },
      { email: 'short@example.com', factors: [{ kind: 'TOTP', uri: secret }, { kind: 'PALM' }] },
      { email: 'costly@example.com', password: { hash: `$2b$15$${'C'.repeat(53)}` }, colour: 'blue' },
      { email: 'good@example.com', emailVerified: true },
      { email: 'costly@example.com', password: { hash: `$2b$15$${'C'.repeat(53)}` } },
    ]);
    expect(counts).toEqual({ imported: 1, skipped: 0, faulty: 5 });
    expect(said).toEqual([
      'line 1: is not JSON',
      'line 2: email: is no e-mail address',
      'line 3: factors.0: the secret has less than 128 bits',
      'line 3: factors.1: no factors of this kind can be imported',
      expect.stringMatching(/^line 4: .*colour/),
      'line 6: password: this hash is too costly to compare with',
    ]);
    const left = await away.database.rows(
      `SELECT 1 FROM users WHERE email_key IN ('short@example.com', 'costly@example.com')`,
    );
    expect(left).toEqual([]);
  });

  it('again, nothing changes; a dry run changes nothing; an address of somebody else is a fault', async () => {
    const ada = { email: 'ada@example.com', externalId: 'u-1', displayName: 'Ada' };
    expect((await importInto(away, [ada], 'dry')).counts).toEqual({ imported: 1, skipped: 0, faulty: 0 });
    expect((await importInto(away, [ada])).counts).toEqual({ imported: 1, skipped: 0, faulty: 0 });
    const again = await importInto(away, [
      { ...ada, displayName: 'Eve' },
      { ...ada, externalId: 'u-2' },
      { ...ada, email: 'eve@example.com' },
    ]);
    expect(again.counts).toEqual({ imported: 0, skipped: 1, faulty: 2 });
    const row = await away.database.row(
      'SELECT display_name, enrollment_due_at IS NOT NULL AS has_grace FROM users WHERE external_id = $1',
      ['u-1'],
    );
    expect(row).toMatchObject({ displayName: 'Ada' });
    const events = await away.database.rows(
      `SELECT 1 FROM audit_event e JOIN users u ON u.id = e.user_id WHERE e.type = 'USER_IMPORTED' AND u.external_id = 'u-1'`,
    );
    expect(events).toHaveLength(1);
  });

  it('two lines with the same phone: the second account is not made', async () => {
    const user = await home.user();
    await user.pairPhone();
    const line = JSON.parse(await exported(user.email)) as Record<string, unknown>;
    const { said } = await importInto(away, [
      line,
      { ...line, id: undefined, email: 'other-phone@example.com' },
    ]);
    expect(said).toEqual(['line 2: factors: one of the kind PUSH is in use already']);
  });

  it('who was locked or must change the password is so still', async () => {
    const user = await home.user();
    await home.database.affected(`UPDATE users SET status = 'LOCKED' WHERE id = $1`, [user.id]);
    const there = await moved(user);
    expect(codeOf(await there.signIn())).toBe('ACCOUNT_LOCKED');
  });

  it('an export goes to public keys only, is recorded, and comes page by page', async () => {
    const [, user] = [await home.user(), await home.user()];
    for (const wrong of [
      '',
      '{}',
      JSON.stringify(await exportJWK(keys.privateKey)),
      '{"kty":"oct","k":"AAAA"}',
    ]) {
      const { exit, lines } = await run(home, 'export', 'page', wrong, '', '');
      expect([exit, lines[0]]).toEqual([1, expect.stringMatching(/^INVALID_INPUT: the recipient/)]);
    }
    await exported(user.email);
    const events = await home.database.rows(
      `SELECT 1 FROM audit_event WHERE type = 'USER_EXPORTED' AND user_id = $1`,
      [user.id],
    );
    expect(events).toHaveLength(1);
    const { length } = await home.database.rows('SELECT 1 FROM users');
    const rsa = await generateKeyPair('RSA-OAEP-256', { extractable: true });
    const everybody = await run(
      home,
      'export',
      'page',
      JSON.stringify(await exportJWK(rsa.publicKey)),
      '',
      '',
    );
    expect(everybody.lines).toHaveLength(length + 1);
    const { plaintext } = await compactDecrypt(everybody.lines[0] ?? '', rsa.privateKey);
    expect(JSON.parse(Buffer.from(plaintext).toString())).toHaveProperty('email');
  });
});
