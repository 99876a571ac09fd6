import fc from 'fast-check';
import { embedded } from '../support/backends';
import { PolicyActor } from '../support/policy-model/actor';
import { LONG_SESSIONS, type PolicyModel, type ModelPolicy } from '../support/policy-model/model';
import { anyPolicy, anyStep } from '../support/policy-model/steps';
import { World } from '../support/world';

/** More is looked for by hand: `POLICY_MODEL_RUNS=1000`, with a POLICY_MODEL_SEED of its own. */
const { POLICY_MODEL_RUNS: runs = '6', POLICY_MODEL_SEED: seed = '20310301' } = process.env;
/** Those that are not possible where they stand are left out: about one in five is taken. */
const STEPS_MAX = 250;
/** For the runs, and for making a counterexample short. */
const TIME_MAX = Number(runs) * 5_000 + 240_000;
const MINUTE = 60_000;

describe('the policy under random sequences of commands and faults (embedded)', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: LONG_SESSIONS })));
  afterAll(() => world.close());

  /** A new user at a round time, under the first policy. */
  async function begin(first: ModelPolicy): Promise<{ model: PolicyModel; real: PolicyActor }> {
    await world.advance((MINUTE - (world.now().getTime() % MINUTE)) / 1000);
    const real = await PolicyActor.under(first, world);
    return { model: real.model, real };
  }

  it(
    'opens and continues only the sessions that the policy allows (DEV-02, DEV-03, ENR-07, ENR-08)',
    async () => {
      const steps = fc.commands([anyStep], { maxCommands: STEPS_MAX, size: 'max' });
      const property = fc.asyncProperty(anyPolicy, steps, (first, taken) =>
        fc.asyncModelRun(() => begin(first), taken),
      );
      await fc.assert(property, {
        numRuns: Number(runs),
        seed: Number(seed),
        unbiased: true,
        interruptAfterTimeLimit: TIME_MAX,
        markInterruptAsFailure: true,
      });
    },
    TIME_MAX + 60_000,
  );
});
