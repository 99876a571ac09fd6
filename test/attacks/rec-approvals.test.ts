/**
 * The attack: one person of the help desk lets somebody in alone: by approving twice, for themselves, for a superior, with a
 * stale or weak sign-in, without a look at who is asking, or by calling it an emergency.
 * The guarantee: as many different people as the policy says, each freshly stepped up by two factors, with evidence and a
 * reason that the audit log keeps; an emergency needs one more and is loud; one denial ends it.
 */
import { codeOf, userWithApp } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { policy } from '../support/policy-facts';
import {
  HOUR,
  REQUEST,
  approve,
  askForHelp,
  codesMailed,
  decide,
  freshly,
  helpDesk,
  mailsTo,
  statusOf,
} from '../support/recovery';
import { World, type Ask, type TestUser } from '../support/world';
import type { PolicyValues } from '../../src/features/policy';

const put = (world: World, changes: Partial<PolicyValues>) =>
  world.a.app.policies.change({ values: policy(changes), basedOn: null, updatedBy: null });

describe('who recovers an account', () => {
  let world: World;
  let people: TestUser[];
  beforeAll(async () => {
    world = await World.open(embedded);
    people = await helpDesk(world, 3);
  });
  afterAll(() => world.close());

  const person = (index: number): TestUser => people[index] as TestUser;
  async function asked(): Promise<{ user: TestUser; id: string }> {
    const user = await userWithApp(world);
    return { user, id: (await askForHelp(world, user)).request.id as string };
  }
  const entries = (userId: string) =>
    world.database.rows<{ actorId: string; outcome: string; note: string; details: object; context: object }>(
      `SELECT actor_id, outcome, note, details, context FROM audit_event
       WHERE user_id = $1 AND type = 'RECOVERY_DECIDED' ORDER BY id`,
      [userId],
    );

  it('REC-07 takes two different people, and all of it is in the audit log', async () => {
    const { user, id } = await asked();
    expect((await decide(world.a, await freshly(person(0)), id)).request.status).toBe('PENDING');
    const twice = await decide(world.a, await freshly(person(0)), id);
    expect([codeOf(twice), await statusOf(world, id)]).toEqual(['CONFLICT', 'PENDING']);
    const { request } = await decide(world.a, await freshly(person(1)), id);
    const readyAt = new Date(world.now().getTime() + 24 * HOUR * 1000).toISOString();
    const expiresAt = new Date(world.now().getTime() + 48 * HOUR * 1000).toISOString();
    expect(request).toMatchObject({ status: 'APPROVED', requiredApprovals: 2, readyAt, expiresAt });
    expect(codeOf(await decide(world.a, await freshly(person(2)), id))).toBe('WRONG_STATUS');
    expect(await entries(user.id)).toMatchObject(
      [person(0), person(1)].map((by) => ({
        actorId: by.id,
        outcome: 'SUCCESS',
        note: 'spoke to them',
        details: { identityCheck: 'VIDEO_CALL', evidenceReference: 'case 4711', isEmergency: false },
        context: { ipAddress: '127.0.0.1' },
      })),
    );
  });

  it('REC-07 is not for oneself, for a higher role, or for who has no role', async () => {
    const own = await askForHelp(world, person(0));
    expect(codeOf(await decide(world.a, await freshly(person(1)), own.request.id))).toBeUndefined();
    const self = await askForHelp(world, person(2));
    const selfAsk = await freshly(person(1));
    await world.database.affected(`UPDATE recovery_request SET user_id = $1 WHERE id = $2`, [
      person(1).id,
      self.request.id,
    ]);
    expect(codeOf(await decide(world.a, selfAsk, self.request.id))).toBe('BLOCKED_BY_POLICY');

    const admin = await world.user({ roles: ['ADMIN'] });
    await admin.enrollTotp();
    const above = await askForHelp(world, admin);
    expect(codeOf(await decide(world.a, await freshly(person(0)), above.request.id))).toBe(
      'BLOCKED_BY_POLICY',
    );
    const nobody = await userWithApp(world);
    await expect(decide(world.a, await freshly(nobody), above.request.id)).rejects.toThrow('FORBIDDEN');
    await expect(decide(world.a, {}, above.request.id)).rejects.toThrow('UNAUTHENTICATED');
    const list = await world.a.ask('{ recoveryRequests { nodes { id } } }', {}, await freshly(nobody));
    expect(list.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  it('REC-07 wants a fresh proof of two factors for each approval', async () => {
    const { id } = await asked();
    const ask = await freshly(person(0));
    await world.advance(301);
    expect(await decide(world.a, ask, id).then(codeOf, () => 'UNAUTHENTICATED')).toMatch(
      /STEP_UP_REQUIRED|UNAUTHENTICATED/,
    );
    const bare = await world.user({ roles: ['HELP_DESK'] });
    const weak = await decide(world.a, { authorization: await bare.firstSignIn() }, id);
    expect(weak.errors).toMatchObject([{ code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2' }]);
    const once: Ask = await freshly(person(0));
    const other = await asked();
    const onceMore = await freshly(person(1));
    expect(codeOf(await decide(world.a, onceMore, other.id))).toBeUndefined();
    expect(codeOf(await decide(world.a, onceMore, id))).toBe('STEP_UP_REQUIRED');
    expect(codeOf(await decide(world.a, once, id))).toBeUndefined();
  });

  it('REC-07 approves nothing without an identity check, its evidence and a reason', async () => {
    const { id } = await asked();
    const ask = await freshly(person(0));
    for (const missing of [{ identityCheck: null }, { evidenceReference: null }, { note: ' ' }]) {
      const refused = await decide(world.a, ask, id, missing);
      expect(refused.errors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', Object.keys(missing)[0]] },
      ]);
    }
    const denied = await decide(world.a, ask, id, {
      approve: false,
      identityCheck: null,
      evidenceReference: null,
    });
    expect(denied.request.status).toBe('DENIED');
  });

  it('one denial ends it, also after the approvals, and its code with it', async () => {
    const { user, id } = await asked();
    await approve(world, [person(0), person(1)], id);
    await world.advance(24 * HOUR);
    await world.settle();
    expect(await codesMailed(world, user)).toBe(1);
    const { request } = await decide(world.a, await freshly(person(2)), id, { approve: false });
    expect(request.status).toBe('DENIED');
    const live = `SELECT 1 FROM factor WHERE user_id = $1 AND kind = 'TEMPORARY_CODE' AND revoked_at > gateway_now()`;
    expect(await world.database.rows(live, [user.id])).toEqual([]);
    expect((await mailsTo(world, user)).map(({ subject }) => subject)).toContain(
      'Factorgate: The recovery was denied',
    );
    expect(codeOf(await decide(world.a, await freshly(person(0)), id))).toBe('WRONG_STATUS');
  });

  it('REC-07 an emergency needs one person more, has no waiting period, and is loud', async () => {
    const admin = await world.user({ email: 'chief@example.com', roles: ['ADMIN'] });
    const { user, id } = await asked();
    const first = await decide(world.a, await freshly(person(0)), id, { isEmergency: true });
    expect(first.request).toMatchObject({ status: 'PENDING', requiredApprovals: 3 });
    const unaware = await decide(world.a, await freshly(person(1)), id);
    expect(unaware.errors).toMatchObject([{ code: 'CONFLICT', path: ['input', 'isEmergency'] }]);
    const second = await decide(world.a, await freshly(person(1)), id, { isEmergency: true });
    expect([second.request.status, await codesMailed(world, user)]).toEqual(['PENDING', 0]);
    const third = await decide(world.a, await freshly(person(2)), id, { isEmergency: true });
    expect(third.request.status).toBe('READY');
    expect(await codesMailed(world, user)).toBe(1);
    expect((await mailsTo(world, user)).map(({ subject }) => subject)).toContain(
      'Factorgate: The recovery of your account was approved as an emergency',
    );
    expect((await mailsTo(world, admin)).map(({ text }) => text).join()).toContain(id);
    expect(await entries(user.id)).toMatchObject(Array(3).fill({ details: { isEmergency: true } }));
  });

  it('REC-07 a waiting period that runs is ended by one person more, in an emergency', async () => {
    const { user, id } = await asked();
    await approve(world, [person(0), person(1)], id);
    const { request } = await decide(world.a, await freshly(person(2)), id, { isEmergency: true });
    expect(request).toMatchObject({ status: 'READY', requiredApprovals: 3 });
    expect(await codesMailed(world, user)).toBe(1);
  });

  it('follows the policy in force: the numbers, and off', async () => {
    const { id } = await asked();
    await put(world, { recoveryApprovals: 1, recoveryWaitingHours: 0, recoveryTimeoutHours: 1 });
    const { request } = await decide(world.a, await freshly(person(0)), id);
    expect(request).toMatchObject({ status: 'READY', requiredApprovals: 1 });
    expect(new Date(request.expiresAt as string)).toEqual(new Date(world.now().getTime() + HOUR * 1000));

    const waiting = await asked();
    await put(world, { adminRecovery: 'OFF' });
    expect(codeOf(await decide(world.a, await freshly(person(0)), waiting.id))).toBe('BLOCKED_BY_POLICY');
    expect(codeOf(await askForHelp(world, await userWithApp(world)))).toBe('BLOCKED_BY_POLICY');
    expect((await decide(world.a, await freshly(person(0)), waiting.id, { approve: false })).errors).toEqual(
      [],
    );
    await put(world, {});
  });

  it('shows who asks and who decided to the help desk, and to nobody by a flow token or a link', async () => {
    const { user, id } = await asked();
    await decide(world.a, await freshly(person(0)), id);
    const desk = await freshly(person(1));
    const shown = `nodes { id message user { id } decisions { isApproval note evidenceReference by { id } } context { ipAddress } }`;
    const { data, errors } = await world.a.ask(
      `{ recoveryRequests(first: 100) { ${shown} totalCount } }`,
      {},
      desk,
    );
    expect(errors).toBeUndefined();
    expect(data.recoveryRequests.nodes.at(-1)).toEqual({
      id,
      message: 'lost my phone',
      user: { id: user.id },
      decisions: [
        { isApproval: true, note: 'spoke to them', evidenceReference: 'case 4711', by: { id: person(0).id } },
      ],
      context: { ipAddress: '127.0.0.1' },
    });
    const { flowToken } = await askForHelp(world, user);
    for (const field of ['user { email }', 'decisions { note }']) {
      const asking = world.a.mutate('requestRecovery', { flowToken }, `request { ${field} }`);
      await expect(asking).rejects.toThrow('FORBIDDEN');
    }
  });

  it('keeps the decision of whoever was deleted since, and goes with its own user', async () => {
    const leaver = await world.user({ roles: ['HELP_DESK'] });
    await leaver.enrollTotp();
    const { user, id } = await asked();
    await decide(world.a, await freshly(leaver), id);
    await world.database.affected('DELETE FROM users WHERE id = $1', [leaver.id]);
    const desk = await freshly(person(0));
    const { data } = await world.a.ask(
      '{ recoveryRequests(first: 100) { nodes { id decisions { by { id } isApproval } } } }',
      {},
      desk,
    );
    expect(data.recoveryRequests.nodes.at(-1)).toEqual({ id, decisions: [{ by: null, isApproval: true }] });
    await decide(world.a, await freshly(person(1)), id, { isEmergency: true });
    await decide(world.a, await freshly(person(2)), id, { isEmergency: true });
    expect(await codesMailed(world, user)).toBe(1);
    await world.database.affected('DELETE FROM users WHERE id = $1', [user.id]);
    expect(await statusOf(world, id)).toBeUndefined();
  });

  it('lists them oldest first, page by page, as they stand now', async () => {
    await world.database.affected('DELETE FROM recovery_request');
    const made = [await asked(), await asked(), await asked()].map(({ id }) => id);
    const desk = await freshly(person(0));
    const list = async (args: string) =>
      (
        await world.a.ask(
          `{ recoveryRequests(${args}) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } }`,
          {},
          desk,
        )
      ).data?.recoveryRequests;
    const first = await list('first: 2');
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
    const second = await list(`first: 2, after: "${first.pageInfo.endCursor as string}"`);
    expect([...first.nodes, ...second.nodes].map(({ id }: { id: string }) => id)).toEqual(made);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect((await list('status: EXPIRED')).nodes).toEqual([]);
    expect((await list('status: null')).nodes).toHaveLength(3);
    for (const wrong of ['first: 0', 'first: 101', 'after: "nonsense"'])
      expect(await list(wrong)).toBeUndefined();
    await world.advance(7 * 24 * HOUR);
    const later = await freshly(person(1));
    const { data } = await world.a.ask('{ recoveryRequests(status: EXPIRED) { totalCount } }', {}, later);
    expect(data.recoveryRequests.totalCount).toBe(3);
  });
});

describeOnServers('approvals, raced over two gateways', (servers) => {
  let world: World;
  beforeAll(async () => (world = await World.open(servers, { gateways: 2 })));
  afterAll(() => world.close());

  it('REC-07 three approvals at one instant are two and a refusal, and one waiting period begins', async () => {
    const people = await helpDesk(world, 3);
    const user = await userWithApp(world);
    const asks: Ask[] = [];
    for (const one of people) asks.push(await freshly(one));
    const { request } = await askForHelp(world, user);
    const done = await Promise.all(
      asks.map((ask, index) => decide(index % 2 ? world.a : world.b, ask, request.id)),
    );
    expect(done.map(codeOf).sort()).toEqual(['WRONG_STATUS', undefined, undefined]);
    const approved = (await mailsTo(world, user)).filter(({ subject }) => subject.includes('approved'));
    expect(approved).toHaveLength(1);
  });

  it('REC-02 twenty requests of one user at one instant are one', async () => {
    const user = await userWithApp(world);
    const { flowToken } = await user.signIn();
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? world.a : world.b).mutate('requestRecovery', { flowToken }, REQUEST),
      ),
    );
    expect(asked.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(asked.map(({ request }) => request.id)).size).toBe(1);
    expect((await mailsTo(world, user)).filter(({ subject }) => subject.includes('asked'))).toHaveLength(1);
  });
});
