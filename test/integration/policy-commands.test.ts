import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../src/commands';
import { DEFAULT_POLICY, parsePolicyFile } from '../../src/features/policy';
import { describeOnEachBackend } from '../support/backends';
import { World } from '../support/world';

const article = readFileSync(join(__dirname, '../support/article-policy.yaml'), 'utf8');

describeOnEachBackend('the commands policy show and policy apply', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const run = async (...command: string[]): Promise<{ exit: number; lines: string[] }> => {
    const lines: string[] = [];
    const exit = await runCommand(world.a.app, ['policy', ...command], (line) => lines.push(line));
    return { exit, lines };
  };
  const version = async (): Promise<number> => (await world.a.app.policies.current()).version;

  it('put a file into force, which all processes follow, and print the same policy again', async () => {
    const before = await version();
    const applied = await run(
      'apply',
      article.replace('all_users: true', 'all_users: when_risky'),
      'policy.yaml',
    );
    expect(applied.exit).toBe(0);
    expect(applied.lines[0]).toMatch(
      /^Whoever has a second factor is asked for it when the sign-in is unusual/,
    );
    expect(applied.lines.at(-1)).toBe(`version ${String(before + 1)} is in force`);

    const { lines } = await run('show');
    const values = { ...DEFAULT_POLICY, requirement: 'WHEN_RISKY' };
    expect(parsePolicyFile(lines.join('\n'))).toEqual({ values });
    expect(await world.b.app.policies.current()).toMatchObject(values);
  });

  it('make no new version of a policy that is in force already', async () => {
    const { lines } = await run('show');
    const before = await version();
    const again = await run('apply', lines.join('\n'), 'policy.yaml');
    expect(again).toEqual({
      exit: 0,
      lines: [`version ${String(before)} in force says the same: nothing to do`],
    });
    expect(await version()).toBe(before);
  });

  it('change nothing by a file with a fault, and say where the fault is', async () => {
    const before = await version();
    const refused = await run('apply', article.replace('10', '7'), 'policy.yaml');
    const fault = 'policy.yaml:10:15: backup_codes: must be a whole number from 8 to 16';
    expect(refused).toEqual({ exit: 1, lines: [fault] });
    expect(await version()).toBe(before);
  });

  it('are told in the audit log', async () => {
    await run('apply', article.replace('30_days', '14_days'), 'policy.yaml');
    const events = await world.database.rows(
      `SELECT outcome, actor_id FROM audit_event WHERE type = 'POLICY_CHANGED'`,
    );
    expect(events.at(-1)).toEqual({ outcome: 'SUCCESS', actorId: null });
  });

  it('replace a policy that cannot be read (ENR-13)', async () => {
    await world.database.affected(`UPDATE policy SET "values" = '{"requirement": "SOMETIMES"}'`);
    await world.restart();
    await expect(world.a.app.policies.current()).rejects.toThrow('cannot be read');
    expect((await run('apply', article, 'policy.yaml')).exit).toBe(0);
    expect(await world.a.app.policies.current()).toMatchObject(DEFAULT_POLICY);
  });
});
