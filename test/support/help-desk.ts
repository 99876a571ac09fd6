import type { Ask, TestGateway, TestUser, World } from './world';

export const NOTE = 'They called; ticket 4711.';
export const EVIDENCE = {
  identityCheck: 'VIDEO_CALL',
  evidenceReference: 'ticket 4711',
  note: NOTE,
} as const;

/** Acts that use the step-up up. */
const SPENDING = ['setUserRoles', 'deleteUser', 'resetFactors', 'issueTemporaryCode'];
const REUSED_FOR = 200_000;
const held = new WeakMap<TestUser, { readonly ask: Ask; readonly at: number }>();

/** Somebody with a role who has just signed in: without a factor the fresh password is the step-up. */
export async function anew(agent: TestUser): Promise<Ask> {
  await agent.world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'flow:%'`);
  return { authorization: await agent.firstSignIn() };
}

/** The same, not longer ago than the step-up is good for. */
export async function freshly(agent: TestUser): Promise<Ask> {
  const at = agent.world.now().getTime();
  const last = held.get(agent);
  if (last && at - last.at < REUSED_FOR) return last.ask;
  const ask = await anew(agent);
  held.set(agent, { ask, at });
  return ask;
}

/** One act of an agent, stepped up for it; gives the payload. */
export const act = async (
  agent: TestUser,
  mutation: string,
  input: object,
  selection = 'user { id status roles }',
  gateway: TestGateway = agent.world.a,
) => {
  const ask = await (SPENDING.includes(mutation) ? anew(agent) : freshly(agent));
  return gateway.mutate(mutation, input, selection, ask);
};

export const codesOf = ({ errors }: { readonly errors: readonly { readonly code: string }[] }): string[] =>
  errors.map(({ code }) => code);

/** The user's events of a type, oldest first. */
export const eventsOf = (world: World, userId: string, type: string) =>
  world.database.rows<{
    actorId: string | null;
    outcome: string;
    note: string | null;
    reason: string | null;
    details: Readonly<Record<string, unknown>> | null;
  }>(
    'SELECT actor_id, outcome, note, reason, details FROM audit_event WHERE user_id = $1 AND type = $2 ORDER BY id',
    [userId, type],
  );

/** The subjects of what reached an address. */
export const subjectsTo = async (world: World, email: string): Promise<string[]> =>
  (await world.inbox()).filter(({ to }) => to === email).map(({ subject }) => subject);
