import { runCommand } from '../../src/commands';
import {
  AuditExport,
  AuditRecorder,
  AuditRetention,
  AuditSealer,
  type AuditEntry,
  type AuditVerification,
} from '../../src/features/events';
import { Database, createLog, systemChance, type Sql } from '../../src/platform';
import { describeOnEachBackend } from '../support/backends';
import { World } from '../support/world';

const DAY = 86_400;
const signIn: AuditEntry = { type: 'SIGN_IN_STARTED', outcome: 'SUCCESS', userId: 'usr_ada' };

/** RFC 4180, read by the book. */
function parsedCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\n') rows.push([]);
    if (end === '') break;
  }
  return rows;
}

describeOnEachBackend('the audit log, read out and pruned', (backend) => {
  let world: World;
  let recorder: AuditRecorder;
  let sealer: AuditSealer;
  let retention: AuditRetention;
  beforeAll(async () => {
    world = await World.open(backend);
    recorder = new AuditRecorder(world.clock, systemChance);
  });
  afterAll(() => world.close());
  // A sealer remembers its last seal: each test has its own log, and its own sealer.
  beforeEach(async () => {
    await tamper('TRUNCATE audit_event, audit_seal, audit_checkpoint');
    sealer = new AuditSealer(world.database, world.keyring, createLog('silent'));
    retention = retentionOf(world.database);
  });
  const retentionOf = (database: Database): AuditRetention =>
    new AuditRetention(database, world.keyring, world.clock, createLog('silent'), recorder, sealer, 60);

  const TABLES = ['audit_event', 'audit_seal', 'audit_checkpoint'];
  /** What the owner of the tables can do who takes the trigger away first. */
  async function tamper(statement: string, values: readonly unknown[] = []): Promise<void> {
    for (const table of TABLES) await world.database.rows(`ALTER TABLE ${table} DISABLE TRIGGER ALL`);
    await world.database.rows(statement, values);
    for (const table of TABLES)
      await world.database.rows(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only`);
  }
  const record = (...entries: AuditEntry[]) => recorder.record(world.database, ...entries);
  const run = async (...command: string[]): Promise<{ exit: number; lines: string[] }> => {
    const lines: string[] = [];
    return {
      exit: await runCommand({ ...world.a.app, sealer, retention }, ['audit', ...command], (line) =>
        lines.push(line),
      ),
      lines,
    };
  };
  const exported = async (...filter: string[]): Promise<Record<string, unknown>[]> =>
    (await run('export', 'ndjson', ...filter)).lines.map((line) => JSON.parse(line));
  const verify = (): Promise<AuditVerification> => sealer.verify();
  /** Transactions of other databases on the server may hold the sealing up for a moment. */
  async function sealAll(count: number): Promise<void> {
    const until = Date.now() + 20_000;
    for (let sealed = 0; sealed < count && Date.now() < until;) sealed += await sealer.sealOnce();
  }
  const daysAgo = (days: number): Date => new Date(world.now().getTime() - days * DAY * 1000);
  /** Batches of 2, 3 and 4 events that were sealed 80, 40 and 0 days ago. */
  async function threeBatches(): Promise<void> {
    for (const count of [2, 3, 4]) {
      if (count > 2) await world.advance(40 * DAY);
      await record(...Array<AuditEntry>(count).fill(signIn));
      await sealAll(count);
    }
  }
  const prune = (days: number) => retention.prune(daysAgo(days));

  it('comes as NDJSON with all that was recorded, the oldest first, filtered by time, type and user', async () => {
    const context = { ipAddress: '203.0.113.7', location: null, browser: 'Firefox', operatingSystem: null };
    await record({ ...signIn, context, reason: 'why', note: 'a note', details: { signals: ['NEW_DEVICE'] } });
    await sealAll(1);
    await world.advance(60);
    const since = world.now().toISOString();
    await record({ ...signIn, userId: 'usr_grace' }, { ...signIn, type: 'SIGN_OUT' });
    await world.advance(60);
    const until = world.now().toISOString();
    await record({ ...signIn, type: 'SIGN_OUT', userId: null });
    const all = await exported();
    expect(all.map(({ type, userId }) => [type, userId])).toEqual([
      ['SIGN_IN_STARTED', 'usr_ada'],
      ['SIGN_IN_STARTED', 'usr_grace'],
      ['SIGN_OUT', 'usr_ada'],
      ['SIGN_OUT', null],
    ]);
    const seal = await world.database.row<{ hash: string }>(
      `SELECT encode(hash, 'hex') AS hash FROM audit_seal`,
    );
    expect(all[0]).toMatchObject({
      outcome: 'SUCCESS',
      context,
      reason: 'why',
      note: 'a note',
      details: { signals: ['NEW_DEVICE'] },
      chainHash: seal?.hash,
    });
    const counts = [
      [since],
      [since, until],
      ['', since],
      ['', '', 'SIGN_OUT'],
      ['', '', 'sign.out,sign_in.started', 'usr_ada'],
      ['', '', '', 'usr_grace'],
      ['', '', '', 'usr_nobody'],
    ].map(async (filter) => (await exported(...filter)).length);
    expect(await Promise.all(counts)).toEqual([3, 2, 1, 2, 2, 1, 0]);
    expect((await run('export', 'xml')).exit).toBe(1);
    expect((await run('export', 'csv', 'yesterday')).exit).toBe(1);
    expect((await run('export', 'csv', '', '', 'NO_SUCH')).exit).toBe(1);
  });

  it('comes as CSV that a spreadsheet cannot be made to run (LOG-05)', async () => {
    const nasty = ['=HYPERLINK("http://evil")', '+1+1', '-2+3', '@SUM(A1)', 'a "quoted", text', 'plain'];
    await record(...nasty.map((note) => ({ ...signIn, note })));
    const { lines } = await run('export', 'csv');
    const [header = [], ...rows] = parsedCsv(lines.join('\n'));
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([header.length]));
    const notes = rows.map((row) => row[header.indexOf('note')]);
    expect(notes).toEqual([`'${nasty[0]}`, "'+1+1", "'-2+3", "'@SUM(A1)", nasty[4], 'plain']);
    expect(rows.flat().filter((field) => /^[=+\-@]/.test(field))).toEqual([]);
  });

  it('is read a block at a time, no faster than it is taken', async () => {
    for (let times = 0; times < 3; times += 1) await record(...Array<AuditEntry>(500).fill(signIn));
    let statements = 0;
    const counting = {
      rows: (...parts: Parameters<Sql['rows']>) => ((statements += 1), world.database.rows(...parts)),
      row: (...parts: Parameters<Sql['row']>) => ((statements += 1), world.database.row(...parts)),
    } as Sql;
    const lines = new AuditExport(counting).lines('ndjson', {});
    await lines.next();
    expect(statements).toBe(2);
    for (let taken = 1; taken < 1000; taken += 1) await lines.next();
    expect(statements).toBe(2);
    let count = 1000;
    while (!(await lines.next()).done) count += 1;
    expect([count, statements]).toEqual([1500, 5]);
  });

  it('loses whole old batches, and what is left verifies as before', async () => {
    await threeBatches();
    const before = daysAgo(60).toISOString();
    expect(await run('prune', before)).toMatchObject({
      exit: 0,
      lines: [expect.stringMatching(/^removed 2 events/)],
    });
    await sealAll(1);
    expect(await verify()).toMatchObject({
      events: 3 + 4 + 1,
      unsealed: 0,
      pruned: { events: 2 },
      faults: [],
    });
    expect((await run('prune', before)).lines).toEqual(['nothing so old']);
    await world.advance(1);
    expect(await prune(35)).toMatchObject({ events: 3, faults: [] });
    await sealAll(1);
    expect(await verify()).toMatchObject({ pruned: { events: 5 }, faults: [] });
    expect((await run('verify')).lines).toEqual([
      '6 events, 0 not yet sealed',
      expect.stringMatching(/^5 older ones, sealed until .*, were pruned$/),
    ]);
    const told = await exported('', '', 'AUDIT_PRUNED');
    expect(told.map(({ details }) => (details as { events: number }).events)).toEqual([2, 3]);
  });

  it.each([
    [
      'a changed event',
      `UPDATE audit_event SET outcome = 'FAILURE' WHERE id = (SELECT min(id) FROM audit_event)`,
    ],
    [
      'a removed event',
      `DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event WHERE type = 'SIGN_IN_STARTED')`,
    ],
    ['a removed batch', `DELETE FROM audit_seal WHERE seq = 2`],
    [
      'an event slipped in before the checkpoint',
      `INSERT INTO audit_event (id, type, outcome, xid) VALUES ('evt_0', 'SIGN_OUT', 'SUCCESS', '1')`,
    ],
    ['a changed checkpoint', `UPDATE audit_checkpoint SET event_count = 1`],
    ['a removed checkpoint', `DELETE FROM audit_checkpoint`],
    [
      'batches passed off as pruned',
      `INSERT INTO audit_checkpoint (seq, below_xid, seal_hash, event_count, sealed_until, mac, key_version)
         SELECT s.seq, s.below_xid, s.hash, 9, s.sealed_at, c.mac, c.key_version FROM audit_seal s, audit_checkpoint c WHERE s.seq = 2`,
    ],
  ])('still shows %s after pruning', async (_, statement) => {
    await threeBatches();
    await prune(60);
    await sealAll(1);
    expect((await verify()).faults).toEqual([]);
    await tamper(statement);
    expect((await verify()).faults.length).toBeGreaterThan(0);
    expect((await run('verify')).exit).toBe(1);
  });

  it('keeps what was tampered with: pruning is no way to hide it', async () => {
    await threeBatches();
    await tamper(`UPDATE audit_event SET outcome = 'FAILURE' WHERE id = (SELECT min(id) FROM audit_event)`);
    const refused = await run('prune', daysAgo(60).toISOString());
    expect(refused).toEqual({
      exit: 1,
      lines: [
        'FAULT seal 1: one of its events, or the seal, was changed',
        'nothing was removed: what was tampered with is kept',
      ],
    });
    expect(await exported()).toHaveLength(9);
  });

  it('keeps the last 30 days whoever asks, and the newest batch for ever (LOG-04)', async () => {
    await threeBatches();
    await expect(prune(29)).rejects.toThrow('INVALID_INPUT');
    // Somebody with the rights of the gateway, who makes a checkpoint over everything.
    await world.database.affected(
      `INSERT INTO audit_checkpoint (seq, below_xid, seal_hash, event_count, sealed_until, mac, key_version)
       SELECT seq, below_xid, hash, 9, sealed_at, hash, key_version FROM audit_seal ORDER BY seq DESC LIMIT 1`,
    );
    await expect(world.database.rows('SELECT prune_audit_log(1000)')).rejects.toThrow(
      'append-only for 30 days',
    );
    expect(await exported()).toHaveLength(9);
    expect((await verify()).faults[0]).toMatch(/^checkpoint 3: it was changed/);
    for (const table of TABLES)
      await expect(world.database.affected(`DELETE FROM ${table}`)).rejects.toThrow('append-only');
  });

  it('goes on with a pruning that was cut short', async () => {
    await threeBatches();
    let blocks = 0;
    class Dying extends Database {
      override row<T>(text: string, values?: readonly unknown[]): Promise<T | undefined> {
        if (text.includes('prune_audit_log') && (blocks += 1) > 1) return Promise.reject(new Error('killed'));
        return super.row<T>(text, values);
      }
    }
    const dying = retentionOf(new Dying(world.database.source));
    await expect(dying.prune(daysAgo(60))).rejects.toThrow('killed');
    expect(await verify()).toMatchObject({ pruned: { events: 2 }, faults: [] });
    await retention.sweep();
    expect((await exported('', '', 'SIGN_IN_STARTED')).length).toBe(7);
    expect(await verify()).toMatchObject({ pruned: { events: 2 }, faults: [] });
  });

  it('is pruned by itself where a time to keep is set, once a day', async () => {
    await threeBatches();
    expect(await retention.sweep()).toBeGreaterThan(0);
    expect(await verify()).toMatchObject({ pruned: { events: 2 }, faults: [] });
    expect(await retention.sweep()).toBe(0);
  });
});
