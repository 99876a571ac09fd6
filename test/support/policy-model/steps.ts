import fc from 'fast-check';
import type { ModelPolicy } from './model';
import { anywhere, type Step } from './step';
import * as user from './user-steps';

const MINUTE = 60_000;
const DAY = 86_400_000;

const FIELDS = {
  requirement: fc.constantFrom('OPTIONAL', 'ALWAYS', 'WHEN_RISKY', 'ALWAYS'),
  graceDays: fc.constantFrom(0, 7, 30),
  rememberDays: fc.constantFrom(30, 0),
  // Most often what lets a sequence go on.
  newDevice: fc.constantFrom('IGNORE', 'IGNORE', 'PROMPT_MFA', 'PROMPT_MFA', 'REQUIRE_MFA', 'BLOCK'),
} satisfies { [Field in keyof ModelPolicy]: fc.Arbitrary<ModelPolicy[Field]> };

export const anyPolicy: fc.Arbitrary<ModelPolicy> = fc.record(FIELDS);

/** Mostly one thing at a time. */
const anyEdit: fc.Arbitrary<Partial<ModelPolicy>> = fc.oneof(
  ...Object.entries(FIELDS).map(([field, value]) => fc.record({ [field]: value })),
  anyPolicy,
);

const changePolicy = anywhere(anyEdit, (edit) => ({
  name: `change the policy: ${JSON.stringify(edit)}`,
  async run({ changePolicy: change, model }) {
    const policy = { ...model.lastPolicy, ...edit };
    await change(policy);
    model.changePolicy(policy);
  },
}));

const saveAgain = anywhere(fc.constant(null), () => ({
  name: 'save the last policy again',
  async run({ changePolicy: change, model }) {
    await change(model.lastPolicy);
    model.changePolicy(model.lastPolicy);
  },
}));

const breakPolicy = anywhere(fc.constant(null), () => ({
  name: 'make the policy unreadable',
  isPossible: ({ policy }) => policy !== undefined,
  async run({ world, model }) {
    await world.database.affected(
      `INSERT INTO policy (version, "values", updated_at)
       SELECT max(version) + 1, '{"requirement": "NONSENSE"}', gateway_now() FROM policy`,
    );
    model.policy = undefined;
  },
}));

const extendDeadline = anywhere(fc.integer({ min: 1, max: 60 }), (days) => ({
  name: `extend the deadline to ${String(days)} days from now`,
  isPossible: ({ dueAt, now }) => dueAt !== null && now + days * DAY > dueAt,
  async run({ world, user: { id }, model }) {
    const until = model.now + days * DAY;
    await world.database.transaction((tx) => world.a.app.policies.moveDeadline(tx, id, new Date(until)));
    model.dueAt = until;
  },
}));

const waitMinutes = anywhere(fc.constantFrom(1, 4, 20, 120), (minutes) => ({
  name: `wait ${String(minutes)} minutes`,
  run: (actor) => actor.advance(minutes * MINUTE),
}));

const waitDays = anywhere(fc.constantFrom(1, 2, 6, 8, 29, 31, 40), (days) => ({
  name: `wait ${String(days)} days`,
  async run(actor) {
    await actor.advance(days * DAY);
    await actor.world.a.app.sweep();
  },
}));

const waitForDeadline = anywhere(fc.constantFrom(0, MINUTE), (early) => ({
  name: early === 0 ? 'wait until the deadline' : 'wait until a minute before the deadline',
  isPossible: ({ dueAt, now }) => dueAt !== null && dueAt - early > now,
  run: (actor) => actor.advance((actor.model.dueAt ?? 0) - early - actor.model.now),
}));

/** What others need to have happened is frequent. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: user.signIn },
  { weight: 40, arbitrary: user.answer },
  { weight: 16, arbitrary: user.enrollInFlow },
  { weight: 20, arbitrary: user.collect },
  { weight: 8, arbitrary: user.enrollInSession },
  { weight: 2, arbitrary: user.refreshTokens },
  { weight: 2, arbitrary: user.removeApp },
  { weight: 1, arbitrary: user.repeatLastCall },
  { weight: 1, arbitrary: user.signOutEverywhere },
  { weight: 1, arbitrary: user.changePassword },
  { weight: 1, arbitrary: user.signInWithWrongPassword },
  { weight: 4, arbitrary: changePolicy },
  { weight: 1, arbitrary: saveAgain },
  { weight: 1, arbitrary: breakPolicy },
  { weight: 1, arbitrary: extendDeadline },
  { weight: 1, arbitrary: waitMinutes },
  { weight: 2, arbitrary: waitDays },
  { weight: 2, arbitrary: waitForDeadline },
);
