import fc from 'fast-check';
import { embedded } from '../support/backends';
import { PolicyActor, valuesOf } from '../support/policy-actor';
import { expectInvariants } from '../support/policy-invariants';
import { LONG_SESSIONS, PolicyModel, type ModelPolicy } from '../support/policy-model';
import { anyPolicy, anyStep, type Step } from '../support/policy-steps';
import { World } from '../support/world';

/** More are found by hand: `POLICY_MODEL_RUNS=2000`, and another POLICY_MODEL_SEED. */
const { POLICY_MODEL_RUNS: runs = '24', POLICY_MODEL_SEED: seed = '20310301' } = process.env;
const STEPS_MAX = 40;

describe('the policy under random sequences of commands and faults (embedded)', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: LONG_SESSIONS })));
  afterAll(() => world.close());

  /** A new user at a round time, under the first policy. */
  async function begin(first: ModelPolicy): Promise<{ model: PolicyModel; real: PolicyActor }> {
    const toNextMinute = 60_000 - (world.now().getTime() % 60_000);
    await world.advance(toNextMinute / 1000);
    await world.a.app.policies.change({ values: valuesOf(first), basedOn: null, updatedBy: null });
    const user = await world.user();
    const model = new PolicyModel(first, world.now().getTime());
    return { model, real: new PolicyActor(world, user, model) };
  }
  const checked = (step: Step): Step => ({
    check: (model) => step.check(model),
    run: async (model, actor) => {
      await world.database.affected('DELETE FROM limit_counter');
      await step.run(model, actor);
      await expectInvariants(actor);
    },
    toString: () => step.toString(),
  });

  it('opens and continues only the sessions that the model allows (DEV-02, DEV-03, ENR-07, ENR-08)', async () => {
    const steps = fc.commands([anyStep.map(checked)], { maxCommands: STEPS_MAX, size: 'max' });
    await fc.assert(
      fc.asyncProperty(anyPolicy, steps, (first, commands) => fc.asyncModelRun(() => begin(first), commands)),
      { numRuns: Number(runs), seed: Number(seed), interruptAfterTimeLimit: 600_000 },
    );
  }, 900_000);
});
