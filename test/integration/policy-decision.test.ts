import { Policies, type Subject } from '../../src/features/policy';
import { AuditRecorder } from '../../src/features/events';
import { createLog, systemChance, type Database } from '../../src/platform';
import { describeOnEachBackend } from '../support/backends';
import { World } from '../support/world';

describeOnEachBackend('a decision', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  it('costs one query: policy and facts come in one row', async () => {
    const user = await world.user();
    const statements: string[] = [];
    const counting = new Proxy(world.database, {
      get(target, name: keyof Database) {
        const held = target[name];
        if (name !== 'row' && name !== 'rows') return typeof held === 'function' ? held.bind(target) : held;
        return (text: string, values?: readonly unknown[]) => {
          statements.push(text);
          return target[name](text, values);
        };
      },
    });
    const policies = new Policies(
      counting,
      new AuditRecorder(world.clock, systemChance),
      createLog('silent'),
      () => Promise.resolve(),
    );
    const subject: Subject = {
      userId: user.id,
      purpose: 'SIGN_IN',
      accountType: 'PERSON',
      roles: ['USER'],
      factorKinds: ['TOTP'],
      clientId: 'default',
      ipAddress: '192.0.2.1',
      isDeviceKnown: true,
      deviceRememberedUntil: null,
      place: { country: 'CH', city: null, latitude: null, longitude: null },
      requestedAssurance: null,
      action: null,
    };
    const { decision, version } = await policies.decide(subject);
    expect(decision).toMatchObject({ requiredAssurance: 'AAL2', isBlocked: false });
    expect(version).toBe(1);
    expect(statements).toHaveLength(1);
  });
});
