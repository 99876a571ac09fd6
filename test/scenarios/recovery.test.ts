import { codeOf, mailedCode, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import {
  HOUR,
  REQUEST,
  approve,
  askForHelp,
  cancelToken,
  confirmApp,
  helpDesk,
  mailedRecoveryCode,
  mailsTo,
  newApp,
  useCode,
} from '../support/recovery';
import { enrollByCode, freshNumber } from '../support/sent-codes';
import { withPolicy } from '../support/policy';
import { GOT, World, type TestUser } from '../support/world';

const POLICY = `
mfa_enforcement: { all_users: false, allowed_kinds: [totp, sms] }
recovery: { approvals: 1, waiting: 2_hours, usable_for: 3_hours }
`;

describe('a recovery', () => {
  let world: World;
  let people: TestUser[];
  beforeAll(async () => {
    const environment = { SMS_COUNTRIES: 'US', ...withPolicy(POLICY) };
    world = await World.open(embedded, { environment, gateways: 2 });
    people = await helpDesk(world, 1);
  });
  afterAll(() => world.close());

  it('leads from a lost app to a new one, by the numbers of the policy, whatever kinds it allows', async () => {
    const user = await userWithApp(world);
    const { request } = await askForHelp(world, user);
    const approved = await approve(world, people, request.id);
    const hours = (count: number) => new Date(world.now().getTime() + count * HOUR * 1000).toISOString();
    expect(approved.request).toMatchObject({ status: 'APPROVED', readyAt: hours(2), expiresAt: hours(5) });
    await world.advance(2 * HOUR);
    await world.settle();
    const { flowToken, flow } = await useCode(world, user, await mailedRecoveryCode(world, user), world.b);
    expect(flow).toMatchObject({ status: 'ENROLLMENT_REQUIRED', enrollableKinds: ['TOTP', 'SMS'] });
    const confirmed = await confirmApp(user, await newApp(world, user, flowToken), world.a);
    expect(confirmed.backupCodes).toHaveLength(10);
    const done = await world.b.mutate('completeAuthFlow', { flowToken }, GOT);
    expect(done.tokens.session.assurance).toBe('AAL2');
  });

  it('tells every channel, and the page behind the link speaks the user’s language', async () => {
    const user = await userWithApp(world);
    const authorization = `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
    const phoneNumber = freshNumber();
    await enrollByCode(world, user, { phoneNumber }, authorization);
    await world.database.affected(`UPDATE users SET locale = 'de-CH' WHERE id = $1`, [user.id]);
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    const texted = (await world.inbox()).filter(({ to }) => to === phoneNumber).map(({ text }) => text);
    expect(texted.join()).toMatch(/Wiederherstellung.*https:\/\/id\.example\.com\/recovery\/cancel/);
    expect((await mailsTo(world, user)).at(-1)?.subject).toBe('Factorgate: Wiederherstellung genehmigt');
    const token = await cancelToken(world, user);
    const page = await fetch(`${world.a.url}/recovery/cancel?token=${encodeURIComponent(token)}`);
    expect(await page.text()).toContain('Wiederherstellung aufhalten?');
  });

  it('is asked for from a reset, too, once the address is proven and the factor is missing', async () => {
    const user = await userWithApp(world);
    const { flowToken } = await world.a.mutate('startPasswordReset', { email: user.email }, GOT);
    const proof = { code: await mailedCode(world, user.email) };
    await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    const asked = await world.a.mutate('requestRecovery', { flowToken }, REQUEST);
    expect(asked).toMatchObject({ errors: [], request: { status: 'PENDING', requiredApprovals: 1 } });
    expect(codeOf(asked)).toBeUndefined();
  });

  it('is stopped by "this was not me", about whatever event', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const { request } = await askForHelp(world, user);
    const event = await world.database.row<{ id: string }>(
      `SELECT id FROM audit_event WHERE user_id = $1 AND type = 'RECOVERY_REQUESTED'`,
      [user.id],
    );
    const ask = { authorization: `Bearer ${tokens.accessToken as string}` };
    const reported = await world.a.mutate('reportActivity', { eventId: event?.id }, 'actions', ask);
    expect(reported.actions).toContain('RECOVERY_CANCELED');
    const row = await world.database.row('SELECT status FROM recovery_request WHERE id = $1', [request.id]);
    expect(row).toEqual({ status: 'CANCELED' });
  });
});
