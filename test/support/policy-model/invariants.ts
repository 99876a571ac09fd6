import type { PolicyActor } from './actor';

interface SessionRow {
  readonly id: string;
  readonly flowId: string;
  readonly assurance: string;
  readonly methods: readonly string[];
  readonly kinds: readonly string[];
  readonly expiresAt: Date;
  readonly isOver: boolean;
}

/** What must hold after every step, whatever it was; asked of the database. */
export async function expectInvariants({ world, user, model }: PolicyActor): Promise<void> {
  const sessions = await world.database.rows<SessionRow>(
    `SELECT id, flow_id, assurance, methods, jsonb_path_query_array(proofs, '$[*].kind') AS kinds, expires_at,
       revoked_at IS NOT NULL OR expires_at <= gateway_now() AS is_over
     FROM session WHERE user_id = $1`,
    [user.id],
  );
  const faults = sessions.flatMap((row) => faultsOf(row, model));
  if (new Set(sessions.map(({ flowId }) => flowId)).size < sessions.length)
    faults.push('a flow opened two sessions');

  const row = await world.database.row<{ dueAt: Date | null; remembered: Date[] | null }>(
    `SELECT enrollment_due_at AS due_at, (SELECT array_agg(remembered_until ORDER BY remembered_until)
       FROM known_device WHERE user_id = users.id AND remembered_until > gateway_now()) AS remembered
     FROM users WHERE id = $1`,
    [user.id],
  );
  const dueAt = row?.dueAt?.getTime() ?? null;
  if (dueAt !== model.dueAt) faults.push(`the deadline is ${day(dueAt)}, not ${day(model.dueAt)}`);
  const remembered = (row?.remembered ?? []).map((at) => at.getTime());
  const expected = model.devices.map((device) => device.rememberedUntil).filter((until) => until > model.now);
  if (remembered.join() !== expected.sort((one, other) => one - other).join())
    faults.push(
      `browsers are remembered until ${remembered.map(day).join()}, not ${expected.map(day).join()}`,
    );
  expect(faults).toEqual([]);
}

function faultsOf(row: SessionRow, model: PolicyActor['model']): string[] {
  const session = model.sessions.get(row.id);
  if (!session) return ['a session that the model did not see opened'];
  const { dueAt, hasApp, policy } = model;
  const isTwo = new Set(row.kinds).size > 1;
  const isEnforced = policy?.requirement === 'ALWAYS' && !hasApp;
  const found: [boolean, string][] = [
    [row.methods.includes('mfa') !== isTwo, `amr ${row.methods.join()} for ${row.kinds.join()}`],
    [(row.assurance === 'AAL1') === isTwo, `${row.assurance} for ${row.kinds.join()}`],
    [[...row.methods].sort().join() !== [...session.methods].sort().join(), `amr ${row.methods.join()}`],
    [!session.wasPolicyReadable && !isTwo, 'one factor was enough while the policy was unreadable'],
    [isEnforced && !row.isOver && row.expiresAt.getTime() > (dueAt ?? 0), 'outlives the deadline'],
    [row.expiresAt.getTime() !== session.endsAt, `ends ${day(row.expiresAt.getTime())}`],
    [!row.isOver && session.isRevoked, 'stands though it was ended'],
  ];
  return found
    .filter(([isFault]) => isFault)
    .map(([, words]) => `session of ${day(session.openedAt)}: ${words}`);
}

const day = (at: number | null): string => (at === null ? 'none' : new Date(at).toISOString());
