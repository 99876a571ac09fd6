import type { QueryRunner } from 'typeorm';
import { describeOnServers, type OpenBackend } from '../../../test/support/backends';
import {
  Keyring,
  createLog,
  newKeyringLine,
  parseKeyring,
  systemChance,
  systemClock,
  type Database,
  type UnitOfWork,
} from '../../platform';
import { AuditRecorder, AuditSealer, eventsFeature, type AuditEntry } from '.';
import { AuditLog1767225603000 } from './migrations/1767225603000-audit-log';
import { AuditDetails1767225624000 } from './migrations/1767225624000-audit-details';
import { Webhooks1767225650000 } from './migrations/1767225650000-webhooks';
import { AuditPruning1767225651000 } from './migrations/1767225651000-audit-pruning';

const FORBIDDEN = [
  `UPDATE audit_event SET type = 'X'`,
  'UPDATE audit_seal SET seq = 1',
  'UPDATE audit_checkpoint SET seq = 1',
  `SELECT set_config('factorgate.pruning', 'on', true); DELETE FROM audit_event`,
  ...['audit_event', 'audit_seal', 'audit_checkpoint'].flatMap((table) => [
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
    `ALTER TABLE ${table} DISABLE TRIGGER append_only`,
  ]),
];
const signIn: AuditEntry = { type: 'SIGN_IN_STARTED', outcome: 'SUCCESS', userId: 'usr_ada' };
const recorder = new AuditRecorder(systemClock, systemChance);
const parsed = parseKeyring(newKeyringLine(systemChance));
const keyring = new Keyring('keys' in parsed ? parsed.keys : [], systemChance);

describeOnServers('the audit sealer, with many sessions', (postgres) => {
  let database: Database;
  let opened: OpenBackend;
  const newSealer = (): AuditSealer => new AuditSealer(database, keyring, createLog('silent'));

  beforeEach(async () => ({ database } = opened = await postgres.open([eventsFeature])));
  afterEach(() => opened.close());

  /** A transaction that stays open until it is told to go on. */
  function openTransaction(work: (tx: UnitOfWork) => Promise<unknown>) {
    let commit = (): void => undefined;
    let isReady = (): void => undefined;
    const told = new Promise<void>((resolve) => (commit = resolve));
    const ready = new Promise<void>((resolve) => (isReady = resolve));
    const ended = database.transaction(async (tx) => {
      await work(tx);
      isReady();
      await told;
    });
    return { ready: Promise.race([ready, ended]), commit: () => (commit(), ended) };
  }

  /** Transactions of other databases on the server may hold the sealing up for a moment. */
  async function sealAll(count: number, sealers = [newSealer()]): Promise<void> {
    const until = Date.now() + 20_000;
    for (let sealed = 0; sealed < count && Date.now() < until;) {
      const runs = await Promise.all(sealers.map((sealer) => sealer.sealOnce()));
      sealed += runs.reduce((sum, run) => sum + run, 0);
    }
  }

  it('what an open transaction has written is sealed after its commit, not passed over', async () => {
    const early = openTransaction((tx) => recorder.record(tx, signIn));
    await early.ready;
    await recorder.record(database, signIn);
    const sealer = newSealer();
    // The later event waits for the earlier transaction: a seal above it would never come back for the first
    // one.
    expect(await sealer.sealOnce()).toBe(0);
    await early.commit();
    await sealAll(2, [sealer]);
    expect(await sealer.verify()).toMatchObject({ events: 2, unsealed: 0, faults: [] });
  });

  it('writers do not wait for a sealing run', async () => {
    await recorder.record(database, signIn);
    const sealer = newSealer();
    const sealing = openTransaction((tx) => sealer.seal(tx));
    await sealing.ready;
    await database.transaction(async (tx) => {
      await tx.rows(`SET LOCAL lock_timeout = '100ms'`);
      await recorder.record(tx, signIn, signIn);
    });
    await sealing.commit();
    await sealAll((await sealer.verify()).unsealed, [sealer]);
    expect(await sealer.verify()).toMatchObject({ events: 3, unsealed: 0, faults: [] });
  });

  it('one sealer works at a time; the others find nothing to do', async () => {
    await recorder.record(database, signIn);
    const sealing = openTransaction((tx) => newSealer().seal(tx));
    await sealing.ready;
    expect(await Promise.all([newSealer().sealOnce(), newSealer().sealOnce()])).toEqual([0, 0]);
    await sealing.commit();
  });

  it('many writers and several sealers at once leave every event under exactly one seal', async () => {
    const sealers = [newSealer(), newSealer()];
    const writer = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) {
        await database.transaction(async (tx) => {
          await recorder.record(tx, signIn);
          await recorder.record(tx, signIn, signIn);
        });
      }
    };
    await Promise.all([writer(), writer(), writer(), sealAll(180, sealers)]);
    await sealAll((await newSealer().verify()).unsealed, sealers);
    expect(await newSealer().verify()).toMatchObject({ events: 180, unsealed: 0, faults: [] });
  });

  it('a role of its own for the gateway may read and append, and do nothing else', async () => {
    const role = `gateway_${systemChance.bytes(6).toString('hex')}`;
    const denied: string[] = [];
    const tried = database.transaction(async (tx) => {
      const runner = { query: (text: string) => tx.rows(text) } as QueryRunner;
      await tx.rows(`CREATE ROLE ${role}`);
      await tx.rows(`GRANT USAGE ON SCHEMA public TO ${role}`);
      await tx.rows(`ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ${role}`);
      await new AuditPruning1767225651000().down(runner);
      await new Webhooks1767225650000().down(runner);
      await new AuditLog1767225603000().down(runner);
      await tx.rows(`SELECT set_config('factorgate.application_role', $1, true)`, [role]);
      await new AuditLog1767225603000().up(runner);
      await new AuditDetails1767225624000().up(runner);
      await new Webhooks1767225650000().up(runner);
      await new AuditPruning1767225651000().up(runner);
      await tx.rows(`SET LOCAL ROLE ${role}`);
      await recorder.record(tx, signIn);
      for (const statement of FORBIDDEN) {
        await tx.rows('SAVEPOINT before');
        await tx.rows(statement).catch((error: unknown) => denied.push(String(error)));
        await tx.rows('ROLLBACK TO SAVEPOINT before');
      }
      const recorded = await tx.rows('SELECT 1 FROM audit_event');
      // The one way out: what is old, under a checkpoint, through the function.
      await tx.rows(`INSERT INTO audit_event (id, type, outcome, occurred_at, xid)
        VALUES ('evt_0', 'SIGN_OUT', 'SUCCESS', '2020-01-01', '1')`);
      await tx.rows(`INSERT INTO audit_checkpoint (seq, below_xid, seal_hash, event_count, sealed_until, mac, key_version)
        VALUES (1, '2', '', 1, '2020-01-01', '', 'v1')`);
      expect(await tx.rows('SELECT prune_audit_log(10) AS removed')).toEqual([{ removed: 1 }]);
      throw new Error(
        `rolled back, since roles belong to the whole server; ${String(recorded.length)} recorded`,
      );
    });
    await expect(tried).rejects.toThrow('1 recorded');
    expect(denied).toHaveLength(FORBIDDEN.length);
    for (const message of denied) expect(message).toMatch(/permission denied|must be owner/);
  });
});
