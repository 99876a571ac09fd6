import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { describeOnServers } from '../support/backends';
import { createDatabase } from '../support/postgres';

const CLI = join(__dirname, '../../dist/cli/index.js');

describeOnServers('owner and application sign in as two roles', () => {
  it('lets the application use the tables and only append to the audit log', async () => {
    const ownerUrl = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
    const owner = new Client(ownerUrl);
    await owner.connect();
    await owner.query(
      `DO $$ BEGIN CREATE ROLE factorgate_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    );
    const appUrl = ownerUrl.replace(/\/\/[^@]*@/, '//factorgate_app@');
    const environment = { ...process.env, MIGRATION_DATABASE_URL: ownerUrl, DATABASE_URL: appUrl };
    execFileSync(process.execPath, [CLI, 'migrate'], { env: environment });

    const app = new Client(appUrl);
    await app.connect();
    const insert = `INSERT INTO audit_event (id, type, outcome) VALUES ('evt_x', 'SIGN_OUT', 'SUCCESS')`;
    await app.query(insert);
    await app.query(`INSERT INTO limit_counter (key, count, since) VALUES ('x', 1, gateway_now())`);
    await app.query(`UPDATE limit_counter SET count = 2`);
    for (const change of [
      'UPDATE audit_event SET note = NULL',
      'DELETE FROM audit_event',
      'TRUNCATE audit_seal',
      'ALTER TABLE audit_event DISABLE TRIGGER ALL',
    ]) {
      await expect(app.query(change)).rejects.toMatchObject({ code: '42501' });
    }
    await app.end();
    await owner.end();
  }, 60_000);
});
