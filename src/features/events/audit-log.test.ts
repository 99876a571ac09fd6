import { describeOnEachBackend, type OpenBackend } from '../../../test/support/backends';
import {
  type Database,
  Keyring,
  createLog,
  parseKeyring,
  newKeyringLine,
  systemChance,
  systemClock,
} from '../../platform';
import { AuditRecorder, AuditSealer, eventsFeature, type AuditEntry } from '.';
import { canonicalLine } from './audit-seal';

const freshKeyring = (...versions: string[]): Keyring => {
  const parsed = parseKeyring(versions.map((version) => newKeyringLine(systemChance, version)).join(','));
  if ('fault' in parsed) throw new Error(parsed.fault);
  return new Keyring(parsed.keys, systemChance);
};

const signIn: AuditEntry = { type: 'SIGN_IN_STARTED', outcome: 'SUCCESS', userId: 'usr_ada' };
const log = createLog('silent');
const recorder = new AuditRecorder(systemClock, systemChance);

describeOnEachBackend('the audit log', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let keyring: Keyring;
  let sealer: AuditSealer;

  beforeAll(async () => ({ database } = opened = await backend.open([eventsFeature])));
  afterAll(() => opened.close());
  beforeEach(async () => {
    await tamper('TRUNCATE audit_event, audit_seal');
    keyring = freshKeyring('v1');
    sealer = new AuditSealer(database, keyring, log);
  });

  const record = (...entries: AuditEntry[]) => recorder.record(database, ...entries);

  /** What the owner of the tables can do who takes the trigger away first. */
  async function tamper(statement: string, values: readonly unknown[] = []): Promise<void> {
    for (const table of ['audit_event', 'audit_seal'])
      await database.rows(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
    await database.rows(statement, values);
    for (const table of ['audit_event', 'audit_seal']) {
      await database.rows(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only`);
    }
  }

  /** Transactions of other databases on the server may hold the sealing up for a moment. */
  async function sealAll(count: number, by: AuditSealer = sealer): Promise<void> {
    const until = Date.now() + 20_000;
    for (let sealed = 0; sealed < count && Date.now() < until;) sealed += await by.sealOnce();
  }

  /** Three seals over 2, 3 and 4 events. */
  async function threeSeals(): Promise<void> {
    for (const count of [2, 3, 4]) {
      await record(...Array<AuditEntry>(count).fill(signIn));
      await sealAll(count);
    }
  }

  it('keeps what was said, in the order it was said', async () => {
    const context = {
      ipAddress: '203.0.113.7',
      location: null,
      browser: 'Firefox 140',
      operatingSystem: 'Linux',
    };
    await record(
      signIn,
      {
        type: 'CHALLENGE_SENT',
        outcome: 'SUCCESS',
        userId: 'usr_ada',
        factorKind: 'PUSH',
        factorId: 'fct_1',
        flowId: 'flw_1',
        context,
      },
      {
        type: 'CHALLENGE_ANSWERED',
        outcome: 'FAILURE',
        userId: 'usr_ada',
        reason: 'wrong code',
        requestId: 'r-1',
      },
    );
    const rows = await database.rows<Record<string, unknown>>('SELECT * FROM audit_event ORDER BY id');
    expect(rows.map((row) => row.type)).toEqual(['SIGN_IN_STARTED', 'CHALLENGE_SENT', 'CHALLENGE_ANSWERED']);
    expect(rows[1]).toMatchObject({
      outcome: 'SUCCESS',
      actorId: null,
      factorKind: 'PUSH',
      flowId: 'flw_1',
      context,
    });
    expect(rows[2]).toMatchObject({
      outcome: 'FAILURE',
      reason: 'wrong code',
      requestId: 'r-1',
      context: null,
    });
    expect(rows[0]?.occurredAt).toBeInstanceOf(Date);
    expect(rows[0]?.id).toMatch(/^evt_[0-9a-z]{26}$/);
  });

  it('stands or falls with the transaction that it tells of', async () => {
    const broken = database.transaction(async (tx) => {
      await recorder.record(tx, signIn);
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    expect(await database.rows('SELECT 1 FROM audit_event')).toEqual([]);
  });

  it('takes hostile texts without their control characters, cut to 500', async () => {
    const nasty = '\u001b[31mred\r\n{"level":50}\u0000\u202egnp.exe \ud800!';
    const context = {
      ipAddress: null,
      location: null,
      browser: nasty,
      operatingSystem: null,
      cookie: 'secret',
    };
    await record({ ...signIn, note: nasty, reason: 'x'.repeat(9000), context });
    const row = await database.row<{ note: string; reason: string; context: object }>(
      'SELECT * FROM audit_event',
    );
    expect(row?.note).toBe('[31mred {"level":50} gnp.exe \ufffd!');
    expect(row?.reason).toHaveLength(500);
    expect(row?.context).toEqual({
      ipAddress: null,
      location: null,
      browser: row?.note,
      operatingSystem: null,
    });
  });

  const detailsOf = async (details: unknown): Promise<unknown> => {
    await record({ ...signIn, details: details as object });
    const row = await database.row<{ details: unknown }>(
      'SELECT details FROM audit_event ORDER BY id DESC LIMIT 1',
    );
    return row?.details;
  };

  it('keeps details as JSON without control characters', async () => {
    const at = new Date('2031-03-01T09:00:00.000Z');
    const given = {
      at,
      roles: ['ADMIN'],
      place: { city: 'Z\u0000\u202eürich \ud800' },
      none: undefined,
      big: 1e999,
    };
    expect(await detailsOf(given)).toEqual({
      at: '2031-03-01T09:00:00.000Z',
      roles: ['ADMIN'],
      place: { city: 'Z ürich \ufffd' },
      big: null,
    });
  });

  it('never fails on details: what is no JSON, or over 8 KiB, is left out and said to be', async () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    let deep: object = {};
    for (let level = 0; level < 50; level += 1) deep = { deep };
    expect(await detailsOf(circle)).toEqual({ omitted: 'not JSON' });
    expect(await detailsOf({ count: 1n })).toEqual({ omitted: 'not JSON' });
    expect(await detailsOf({ list: Array(100).fill('ä'.repeat(50)) })).toEqual({ omitted: 'too long' });
    expect(JSON.stringify(await detailsOf(deep)).length).toBeLessThan(200);
    expect(await detailsOf({ ['\u0000key\ud800']: 1 })).toEqual({ 'key\ufffd': 1 });
  });

  it('seals details, and leaves the lines of events without any as they were', async () => {
    await record(signIn, { ...signIn, details: { policyVersion: 1 } });
    await sealAll(2);
    expect(await sealer.verify()).toMatchObject({ events: 2, faults: [] });
    await tamper(`UPDATE audit_event SET details = '{"policyVersion": 2}' WHERE details IS NOT NULL`);
    expect((await sealer.verify()).faults).toHaveLength(1);
    expect(canonicalLine({ id: 'evt_1', note: null, details: null })).toBe('{"id":"evt_1"}\n');
  });

  it.each([
    `UPDATE audit_event SET outcome = 'FAILURE'`,
    'DELETE FROM audit_event',
    'DELETE FROM audit_event WHERE false',
    'TRUNCATE audit_event',
    `INSERT INTO audit_event (id, type, outcome) SELECT id, 'X', outcome FROM audit_event
       ON CONFLICT (id) DO UPDATE SET type = 'X'`,
    'UPDATE audit_seal SET event_count = 0',
    'DELETE FROM audit_seal',
    'TRUNCATE audit_seal',
  ])('refuses %s', async (statement) => {
    await record(signIn);
    await sealAll(1);
    await expect(database.affected(statement)).rejects.toThrow('append-only');
    expect(await sealer.verify()).toMatchObject({ events: 1, faults: [] });
  });

  it('refuses a change in a session that plays replication', async () => {
    await record(signIn);
    const change = database.transaction(async (tx) => {
      await tx.rows(`SET LOCAL session_replication_role = 'replica'`);
      await tx.affected('DELETE FROM audit_event');
    });
    await expect(change).rejects.toThrow('append-only');
  });

  it('is sealed batch by batch, and is whole as long as nobody touches it', async () => {
    await threeSeals();
    expect(await sealer.sealOnce()).toBe(0);
    await record(signIn);
    expect(await sealer.verify()).toMatchObject({ events: 9, unsealed: 1, faults: [], newest: { seq: 3 } });
    await sealAll(1);
    expect(await sealer.verify()).toMatchObject({ events: 10, unsealed: 0, faults: [], newest: { seq: 4 } });
  });

  it('is sealed in one batch of any size, read in blocks', async () => {
    for (const count of [1400, 700]) await record(...Array<AuditEntry>(count).fill(signIn));
    await sealAll(2100);
    expect(await sealer.verify()).toMatchObject({ events: 2100, unsealed: 0, faults: [] });
    await tamper(
      `UPDATE audit_event SET note = 'x'
       WHERE id = (SELECT id FROM audit_event ORDER BY id OFFSET 1500 LIMIT 1)`,
    );
    expect((await sealer.verify()).faults).toHaveLength(1);
  });

  it('is checked the same way under every time zone and date style', async () => {
    await threeSeals();
    const verified = database.transaction(async (tx) => {
      await tx.rows(`SET LOCAL TimeZone = 'Asia/Kathmandu'`);
      await tx.rows(`SET LOCAL DateStyle = 'German'`);
      // To verify takes no more than statements, and these settings hold in this transaction only.
      return new AuditSealer(tx as unknown as Database, keyring, log).verify();
    });
    expect(await verified).toMatchObject({ events: 9, faults: [] });
  });

  const aRow = '(SELECT id FROM audit_event ORDER BY xid, id OFFSET 3 LIMIT 1)';
  it.each([
    ['an edited outcome', `UPDATE audit_event SET outcome = 'FAILURE' WHERE id = ${aRow}`],
    [
      'an edited microsecond',
      `UPDATE audit_event SET occurred_at = occurred_at + interval '1 us' WHERE id = ${aRow}`,
    ],
    ['a reason put where none was', `UPDATE audit_event SET reason = 'replay' WHERE id = ${aRow}`],
    ['details put where none were', `UPDATE audit_event SET details = '{}' WHERE id = ${aRow}`],
    ['an edited context', `UPDATE audit_event SET context = '{"ipAddress": "::1"}' WHERE id = ${aRow}`],
    ['two columns exchanged', `UPDATE audit_event SET user_id = NULL, actor_id = user_id WHERE id = ${aRow}`],
    ['another id', `UPDATE audit_event SET id = 'evt_00000000000000000000000000' WHERE id = ${aRow}`],
    ['a removed event', `DELETE FROM audit_event WHERE id = ${aRow}`],
    [
      'an event slipped in',
      `INSERT INTO audit_event
         SELECT 'evt_zz', type, outcome, occurred_at, xid FROM audit_event WHERE id = ${aRow}`,
    ],
    ['an event moved past the seal', `UPDATE audit_event SET xid = '999999999' WHERE id = ${aRow}`],
    [
      'an edited seal',
      `UPDATE audit_seal SET below_xid = (below_xid::text::bigint + 1)::text::xid8 WHERE seq = 2`,
    ],
    ['a seal under another key version', `UPDATE audit_seal SET key_version = 'v0' WHERE seq = 2`],
  ])('shows %s, and where', async (_, statement) => {
    await threeSeals();
    await tamper(statement);
    const { faults } = await sealer.verify();
    expect(faults[0]).toMatch(/^seal 2: /);
  });

  it('shows a removed seal', async () => {
    await threeSeals();
    await tamper('DELETE FROM audit_seal WHERE seq = 2');
    expect((await sealer.verify()).faults).toEqual(['seal 3: the seal before it is missing']);
  });

  it('shows the newest seals removed with their events, to whoever knows the last one', async () => {
    await threeSeals();
    const { newest } = await sealer.verify();
    await tamper(`DELETE FROM audit_event WHERE id >= (SELECT first_event_id FROM audit_seal WHERE seq = 3)`);
    await tamper('DELETE FROM audit_seal WHERE seq = 3');
    const missing = ['seal 3, once the newest, is missing'];
    expect((await sealer.verify()).faults).toEqual(missing);
    const another = new AuditSealer(database, keyring, log);
    expect((await another.verify(newest ?? undefined)).faults).toEqual(missing);

    await record(signIn);
    await sealAll(1);
    expect((await another.verify()).faults).toEqual(['seal 4: the seal before it is missing']);
  });

  it('cannot be sealed anew without the key', async () => {
    await threeSeals();
    const thief = new AuditSealer(database, freshKeyring('v1'), log);
    await tamper(`UPDATE audit_event SET outcome = 'FAILURE'`);
    await tamper('DELETE FROM audit_seal');
    await sealAll(9, thief);
    expect((await thief.verify()).faults).toEqual([]);
    expect((await sealer.verify()).faults).toContain('seal 1: one of its events, or the seal, was changed');
  });

  it('stays whole when the key changes', async () => {
    const [newer, older] = ['v2', 'v1'].map((version) => newKeyringLine(systemChance, version));
    const ring = (lines: (string | undefined)[]) => {
      const parsed = parseKeyring(lines.join(','));
      if ('fault' in parsed) throw new Error(parsed.fault);
      return new AuditSealer(database, new Keyring(parsed.keys, systemChance), log);
    };
    await record(signIn);
    await sealAll(1, ring([older]));
    await record(signIn);
    await sealAll(1, ring([newer, older]));
    expect((await ring([newer, older]).verify()).faults).toEqual([]);
    expect((await ring([newer]).verify()).faults).toEqual(['seal 1: its key v1 is not in the keyring']);
  });

  it('says so when the transaction counter runs backwards, as where a dump was restored', async () => {
    await record(signIn);
    await sealAll(1);
    await tamper(`UPDATE audit_seal SET below_xid = '999999999999'`);
    await record(signIn);
    await expect(sealer.sealOnce()).rejects.toThrow('transaction counter');
  });

  it('is sealed by itself while the sealer runs', async () => {
    sealer.start();
    await record(signIn);
    const until = Date.now() + 20_000;
    while ((await sealer.verify()).events < 1 && Date.now() < until)
      await new Promise((turn) => setTimeout(turn, 50));
    await sealer.stop();
    expect(await sealer.verify()).toMatchObject({ events: 1, unsealed: 0, faults: [] });
  });
});
