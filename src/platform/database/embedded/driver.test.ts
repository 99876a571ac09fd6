import type { Pool as PgPool, PoolClient, QueryResult } from 'pg';
import { DataSource } from 'typeorm';
import { type Embedded, openEmbedded } from '.';

const WAIT = 200;
let embedded: Embedded;
let pool: PgPool;

beforeAll(async () => {
  embedded = await openEmbedded({ waitMilliseconds: WAIT, idleMilliseconds: 600 });
  const Pool = embedded.driver.Pool as typeof PgPool;
  pool = new Pool({ max: 1 });
  await pool.query('CREATE TABLE thing (id int PRIMARY KEY, note text, amount int DEFAULT 0)');
}, 60_000);
afterAll(async () => {
  await pool.end();
  await embedded.close();
});
beforeEach(() => pool.query(`TRUNCATE thing; INSERT INTO thing (id, note) VALUES (1, 'one'), (2, 'two')`));

const inTransaction = async (work: (client: PoolClient) => Promise<void>): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await work(client);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
};

describe('results', () => {
  it.each<[string, string, number, number]>([
    ['SELECT * FROM thing', 'SELECT', 2, 2],
    ['SELECT * FROM thing WHERE false', 'SELECT', 0, 0],
    [`INSERT INTO thing (id) VALUES (3), (4)`, 'INSERT', 2, 0],
    [`INSERT INTO thing (id) VALUES (3) RETURNING id`, 'INSERT', 1, 1],
    [`INSERT INTO thing (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING id`, 'INSERT', 0, 0],
    [`UPDATE thing SET note = 'x'`, 'UPDATE', 2, 0],
    [`UPDATE thing SET note = 'x' WHERE id = 1 RETURNING *`, 'UPDATE', 1, 1],
    [`UPDATE thing SET note = 'x' WHERE id = 9 RETURNING *`, 'UPDATE', 0, 0],
    [`DELETE FROM thing WHERE id = 9`, 'DELETE', 0, 0],
    [`WITH gone AS (DELETE FROM thing RETURNING id) SELECT * FROM gone`, 'SELECT', 2, 2],
    [`CREATE TEMPORARY TABLE passing (id int); DROP TABLE passing; SELECT 1`, 'SELECT', 1, 1],
  ])('of %s: %s, %i affected, %i returned', async (text, command, affected, returned) => {
    // With several statements `pg` gives a list.
    const answered: QueryResult | QueryResult[] = await pool.query(text);
    const result = Array.isArray(answered) ? answered.at(-1) : answered;
    expect([result?.command, result?.rowCount, result?.rows.length]).toEqual([command, affected, returned]);
  });

  it('have the types that pg gives, in and out', async () => {
    await pool.query(`CREATE TABLE typed (big int8, exact numeric, at timestamptz, doc jsonb, list text[], bytes bytea,
      yes bool, real8 float8, numbers int4[])`);
    const at = new Date('2026-01-02T03:04:05.678Z');
    const bytes = Buffer.from([0, 1, 254, 255]);
    const list = ['plain', 'with "quotes", comma', '', 'NULL', null, 'ünïcode \\'];
    const values = [2n ** 62n, '1.50', at, { deep: [1, null] }, list, bytes, true, 0.1, [1, 2]];
    const written = await pool.query(
      'INSERT INTO typed VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) RETURNING *',
      values,
    );
    expect(written.rows).toEqual([
      {
        big: '4611686018427387904',
        exact: '1.50',
        at,
        doc: { deep: [1, null] },
        list,
        bytes,
        yes: true,
        real8: 0.1,
        numbers: [1, 2],
      },
    ]);
    expect(Buffer.isBuffer((written.rows[0] as { bytes: unknown }).bytes)).toBe(true);
    const nothing = await pool.query('INSERT INTO typed (doc, list) VALUES ($1, $2) RETURNING doc, list', [
      null,
      [],
    ]);
    expect(nothing.rows).toEqual([{ doc: null, list: [] }]);
  });

  it('come to callbacks too', async () => {
    const rows = await new Promise((done, failed) => {
      pool.connect((error, client, release) => {
        if (error || !client) return failed(error ?? new Error('no client'));
        client.query('SELECT id FROM thing ORDER BY id', (queryError, result) => {
          release();
          // The types leave out that there may be no error.
          if (queryError as Error | undefined) failed(queryError);
          else done(result.rows);
        });
      });
    });
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it.each<[string, (string | number)[], string]>([
    ['INSERT INTO thing (id) VALUES ($1)', [1], '23505'],
    ['SELECT $1::int', ['not a number'], '22P02'],
    ['SELEC $1', [1], '42601'],
    ['SELECT * FROM nowhere WHERE id = $1', [1], '42P01'],
  ])('of a failed %s carry its SQLSTATE, and the connection goes on', async (text, values, code) => {
    await expect(pool.query(text, values)).rejects.toMatchObject({ code });
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('transactions', () => {
  it('do not mix: parallel read-then-write loses no update', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () =>
        inTransaction(async (client) => {
          const { rows } = await client.query<{ amount: number }>('SELECT amount FROM thing WHERE id = 1');
          await client.query('UPDATE thing SET amount = $1 WHERE id = 1', [(rows[0]?.amount ?? 0) + 1]);
        }),
      ),
    );
    expect((await pool.query('SELECT amount FROM thing WHERE id = 1')).rows).toEqual([{ amount: 50 }]);
  });

  it('hold the backend: what is asked outside in the meantime is answered after the commit', async () => {
    let seen: Promise<QueryResult> | undefined;
    await inTransaction(async (client) => {
      await client.query('DELETE FROM thing');
      seen = pool.query('SELECT id FROM thing');
      await client.query('INSERT INTO thing (id) VALUES (7)');
    });
    expect((await seen)?.rows).toEqual([{ id: 7 }]);
  });

  it('end with a failed statement only when rolled back', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('DELETE FROM thing');
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    client.release();
    expect((await pool.query('SELECT id FROM thing')).rowCount).toBe(2);
  });

  it('fail a query outside of them as busy, in place of hanging, and go on themselves', async () => {
    await inTransaction(async (client) => {
      await client.query('UPDATE thing SET amount = 5 WHERE id = 1');
      await expect(pool.query('SELECT 1')).rejects.toMatchObject({
        code: '53300',
        message: expect.stringContaining('embedded database busy') as string,
      });
      await expect(pool.query('SELECT $1::int', [1])).rejects.toThrow('embedded database busy');
    });
    expect((await pool.query('SELECT amount FROM thing WHERE id = 1')).rows).toEqual([{ amount: 5 }]);
  });

  it('are rolled back when their connection is released without an end', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('DELETE FROM thing');
    client.release();
    expect((await pool.query('SELECT id FROM thing')).rowCount).toBe(2);
  });

  it('are rolled back when their connection breaks', async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('DELETE FROM thing');
    client.release(true);
    expect((await pool.query('SELECT id FROM thing')).rowCount).toBe(2);
  });

  it('that are forgotten are rolled back, and the others go on', async () => {
    const client = await pool.connect();
    const broken = new Promise((heard) => client.on('error', heard));
    await client.query('BEGIN');
    await client.query('DELETE FROM thing');
    await expect(broken).resolves.toMatchObject({
      message: expect.stringContaining('stood still') as string,
    });
    expect((await pool.query('SELECT id FROM thing')).rowCount).toBe(2);
    client.release(true);
  });
});

describe('the event loop', () => {
  it('runs timers while queries follow each other without a pause', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    for (let count = 0; count < 300; count += 1) await pool.query('SELECT 1');
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe('TypeORM', () => {
  it('runs nested transactions and reports affected rows on it', async () => {
    const source = new DataSource({ type: 'postgres', driver: embedded.driver, installExtensions: false });
    await source.initialize();
    await source.transaction(async (outer) => {
      await outer.query('UPDATE thing SET amount = 1');
      await outer
        .transaction(async (inner) => {
          await inner.query('DELETE FROM thing');
          throw new Error('only the inner one');
        })
        .catch(() => undefined);
    });
    const runner = source.createQueryRunner();
    const changed = await runner.query('UPDATE thing SET amount = amount + 1 WHERE id = $1', [1], true);
    await runner.release();
    await source.destroy();
    expect(changed.affected).toBe(1);
    expect((await pool.query('SELECT amount FROM thing ORDER BY id')).rows).toEqual([
      { amount: 2 },
      { amount: 1 },
    ]);
  });
});
