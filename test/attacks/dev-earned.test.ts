/**
 * The attack: having a browser remembered without a second factor: with the password alone, a backup code that was found,
 * a step-up, or a phone that its owner has just taken away; and doing so unnoticed.
 * The guarantee: only a sign-in that really passed a second factor makes a browser remembered; its owner is told.
 */
import { codeOf, userWithApp } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { isSpared, rememberedBrowser, rememberedCount, signInFully, underPolicy } from '../support/browsers';
import { asked, ring, type PhoneOwner } from '../support/phones';
import { GOT, World, type GatewayClient } from '../support/world';

const DAY = 86_400;

describe('earning the token of a remembered browser', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  test('DEV-07 is not possible by a backup code: it signs in, and nothing is remembered', async () => {
    const user = await userWithApp(world);
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const factorId = flow.factors.find(({ kind }: { kind: string }) => kind === 'BACKUP_CODE').id;
    await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    const input = { flowToken, proof: { code: user.backupCodes[0] }, rememberDevice: true };
    const { tokens } = await world.a.mutate('verifyChallenge', input, GOT);
    expect(tokens).not.toBeNull();
    expect(await isSpared(user, tokens.deviceToken as string)).toBe(false);
  });

  test('DEV-07 is not possible by the password alone, by a step-up, or where the policy remembers none', async () => {
    const user = await world.user();
    const first = await user.signIn();
    const collected = await world.a.mutate(
      'completeAuthFlow',
      { flowToken: first.flowToken, rememberDevice: true },
      GOT,
    );
    expect(codeOf(collected)).toBe('INVALID_TOKEN');
    await user.enrollTotp(`Bearer ${first.tokens.accessToken as string}`);
    expect(await rememberedCount(user)).toBe(0);

    const { tokens } = await signInFully(user);
    await world.advance(60);
    const authorization = `Bearer ${tokens.accessToken as string}`;
    const stepUp = await world.a.mutate('startStepUp', {}, GOT, { authorization });
    const proof = { code: await user.code() };
    const raised = { flowToken: stepUp.flowToken, proof, rememberDevice: true };
    expect((await world.a.mutate('verifyChallenge', raised, GOT)).errors).toEqual([]);
    expect(await rememberedCount(user)).toBe(0);

    await underPolicy(world, { rememberDeviceDays: 0 }, async () => {
      expect((await signInFully(user, { rememberDevice: true })).tokens).not.toBeNull();
      expect(await rememberedCount(user)).toBe(0);
    });
  });

  test('DEV-07 needs the box ticked', async () => {
    const user = await userWithApp(world);
    const { tokens } = await signInFully(user);
    expect(await isSpared(user, tokens.deviceToken as string)).toBe(false);
  });

  test('DEV-07 is possible by the first factor that a sign-in made its user enroll', async () => {
    const user = await world.user();
    await world.advance(31 * DAY);
    const { flowToken, flow } = await user.signIn();
    expect(flow.status).toBe('ENROLLMENT_REQUIRED');
    const pairing = await user.pairPhone(undefined, 'Pixel 9', flowToken as string);
    expect(await pairing.approvals()).toEqual([]);
    const { tokens } = await world.a.mutate('completeAuthFlow', { flowToken, rememberDevice: true }, GOT);
    expect(await isSpared(user, tokens.deviceToken as string)).toBe(true);
  });

  test('DEV-07 is not possible any more by a phone that was removed after it had approved', async () => {
    const owner = await appAndPhone(world);
    const { user, phone } = owner;
    const { flowToken, number } = await ring(owner);
    await phone.respond(await asked(phone), 'APPROVE', number);
    expect((await removePhone(world.a, owner)).errors).toEqual([]);
    const done = await world.a.mutate('completeAuthFlow', { flowToken, rememberDevice: true }, GOT);
    expect(done).toMatchObject({ tokens: null, errors: [{ code: 'INVALID_TOKEN' }] });
    expect(await rememberedCount(user)).toBe(0);
  });

  test('ENR-05 is told to the owner, who can object: then no browser is remembered', async () => {
    const user = await userWithApp(world);
    const { deviceToken, authorization } = await rememberedBrowser(user);
    const mail = (await world.inbox()).filter(({ to }) => to === user.email).at(-1);
    expect(mail?.subject).toBe('Factorgate: A browser is remembered');
    expect(mail?.text).toContain('without the second step there: 30.');
    const reportToken = decodeURIComponent(/\/report\?token=(\S+)/.exec(mail?.text ?? '')?.[1] ?? '');
    const { actions } = await world.a.mutate('reportActivity', { reportToken }, 'actions');
    expect(actions).toEqual(['SESSIONS_REVOKED', 'DEVICES_FORGOTTEN', 'PASSWORD_CHANGE_REQUIRED']);
    expect(await isSpared(user, deviceToken)).toBe(false);
    const reply = await world.a.ask('{ viewer { id } }', {}, { authorization });
    expect(reply.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

async function removePhone(gateway: GatewayClient, { authorization }: PhoneOwner) {
  const ask = { authorization };
  const { factors } = (await gateway.ask('{ viewer { factors { id kind } } }', {}, ask)).data.viewer;
  const factorId = factors.find(({ kind }: { kind: string }) => kind === 'PUSH').id;
  return gateway.mutate('removeFactor', { factorId }, 'user { id }', ask);
}

/** With an app, and a phone that was added in the session of `authorization`. */
async function appAndPhone(world: World): Promise<PhoneOwner> {
  const user = await userWithApp(world);
  const { tokens } = await signInFully(user);
  const authorization = `Bearer ${tokens.accessToken as string}`;
  const phone = await user.pairPhone(authorization);
  return { user, phone, authorization, deviceToken: tokens.deviceToken as string };
}

describeOnServers('a phone that is removed while its sign-in is collected', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('DEV-07 leaves no browser remembered, whichever of the two comes first', async () => {
    const owners = [await appAndPhone(world), await appAndPhone(world), await appAndPhone(world)];
    for (const owner of owners) {
      const { flowToken, number } = await ring(owner, world.b);
      await owner.phone.respond(await asked(owner.phone), 'APPROVE', number);
      const [removed, collected] = await Promise.all([
        removePhone(world.a, owner),
        world.b.mutate('completeAuthFlow', { flowToken, rememberDevice: true }, GOT),
      ]);
      expect([removed.errors, collected.errors]).toEqual([[], []]);
      expect(await rememberedCount(owner.user)).toBe(0);
    }
  });
});
