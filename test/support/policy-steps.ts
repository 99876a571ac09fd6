import fc from 'fast-check';
import { codeOf } from './attempts';
import type { PolicyActor } from './policy-actor';
import type { ModelPolicy, PolicyModel } from './policy-model';
import { GOT } from './world';

const MINUTE = 60_000;
const DAY = 86_400_000;

export type Step = fc.AsyncCommand<PolicyModel, PolicyActor>;

/** What a user, an administrator or a fault does next, if the model says that it can. */
const step = (name: string, check: Step['check'], run: (actor: PolicyActor) => Promise<void>): Step => ({
  check,
  run: (_, actor) => run(actor),
  toString: () => name,
});

const always = (): boolean => true;

const policy: fc.Arbitrary<ModelPolicy> = fc.record({
  requirement: fc.constantFrom('OPTIONAL', 'WHEN_RISKY', 'ALWAYS'),
  graceDays: fc.constantFrom(0, 7, 30),
  rememberDays: fc.constantFrom(0, 30),
  newDevice: fc.constantFrom('IGNORE', 'PROMPT_MFA', 'REQUIRE_MFA', 'BLOCK'),
});

const browser = fc.integer({ min: 0, max: 2 });

const signIn = (at: number, isRight: boolean): Step =>
  step(`sign in at ${at}${isRight ? '' : ' with a wrong password'}`, always, async (actor) => {
    const { model } = actor;
    const { flow, flowToken, tokens, errors } = await actor.signIn(
      at,
      isRight ? actor.password : actor.otherPassword,
    );
    if (!isRight) {
      expect({ code: codeOf({ errors }), flow, tokens }).toMatchObject({
        code: 'INVALID_CREDENTIALS',
        tokens: null,
      });
      return;
    }
    const got = tokens ? 'SESSION' : flow ? OUTCOMES[flow.status as string] : codeOf({ errors });
    expect(got).toBe(model.outcomeOf(at) === 'REFUSED' ? 'BLOCKED_BY_POLICY' : model.outcomeOf(at));
    model.flows[at] = undefined;
    if (tokens) return actor.adopt(at, tokens, ['pwd']);
    if (!flow) return;
    actor.flowTokens[at] = flowToken;
    model.begin(at, got === 'CHALLENGE' ? 'CHALLENGE' : 'ENROLLMENT');
  });

const OUTCOMES: Record<string, string> = {
  CHALLENGE_PENDING: 'CHALLENGE',
  ENROLLMENT_REQUIRED: 'ENROLLMENT',
};

type Answer = 'the app' | 'a backup code' | 'a wrong code' | 'a used code' | 'a used backup code';

const answer = (at: number, by: Answer, rememberDevice: boolean): Step =>
  step(
    `answer at ${at} by ${by}${rememberDevice ? ', to be remembered' : ''}`,
    (model) => model.hasApp && model.waiting(at, 'CHALLENGE') !== undefined,
    async (actor) => {
      const code = await codeFor(actor, by);
      const flow = actor.model.waiting(at, 'CHALLENGE');
      if (code === undefined || !flow) return;
      const isBackup = by.includes('backup');
      const flowToken = actor.flowTokens[at] ?? '';
      const factorId = await actor.factorId(isBackup ? 'BACKUP_CODE' : 'TOTP');
      expect((await actor.call('startChallenge', { flowToken, factorId })).errors).toEqual([]);
      const input = { flowToken, proof: { code }, rememberDevice };
      const { tokens, errors } = await actor.call('verifyChallenge', input);
      if (by === 'the app' || by === 'a backup code') {
        expect(errors).toEqual([]);
        actor.adopt(
          at,
          tokens,
          ['pwd', isBackup ? 'backup_code' : 'otp', 'mfa'],
          rememberDevice && !isBackup,
        );
        keepCompletion(actor, 'verifyChallenge', input, tokens);
        return;
      }
      flow.attemptsLeft -= 1;
      expect({ tokens, code: codeOf({ errors }) }).toEqual({
        tokens: null,
        code: flow.attemptsLeft > 0 ? 'INVALID_CODE' : 'TOO_MANY_ATTEMPTS',
      });
    },
  );

/** Undefined: there is none of that sort. */
async function codeFor(actor: PolicyActor, by: Answer): Promise<string | undefined> {
  switch (by) {
    case 'the app':
      return actor.freshCode();
    case 'a wrong code':
      return actor.wrongCode();
    case 'a used code':
      return actor.usedCode();
    case 'a used backup code':
      return actor.usedBackupCodes.at(-1);
    default: {
      const code = actor.backupCodes.pop();
      if (code !== undefined) actor.usedBackupCodes.push(code);
      return code;
    }
  }
}

function keepCompletion(
  actor: PolicyActor,
  operation: 'verifyChallenge' | 'completeAuthFlow',
  input: object,
  { session, refreshToken }: { session: { id: string }; refreshToken: string },
): void {
  actor.lastCompletion = { operation, input, sessionId: session.id, refreshToken };
}

const repeat = step('repeat the call whose reply was lost', always, async (actor) => {
  const { lastCompletion, model } = actor;
  if (!lastCompletion) return;
  const { operation, input, sessionId, refreshToken } = lastCompletion;
  const { tokens, errors } = await actor.call(operation, input);
  if (model.isRepeatable(sessionId))
    expect(tokens).toMatchObject({ session: { id: sessionId }, refreshToken });
  else expect({ tokens, code: codeOf({ errors }) }).toEqual({ tokens: null, code: 'INVALID_TOKEN' });
});

const enrollInFlow = (at: number, rememberDevice: boolean): Step =>
  step(
    `enroll in the flow at ${at}${rememberDevice ? ', to be remembered' : ''}`,
    (model) => model.waiting(at, 'ENROLLMENT') !== undefined,
    async (actor) => {
      const { model } = actor;
      const flowToken = actor.flowTokens[at] ?? '';
      const isFirst = !model.hasApp;
      const app = actor.app;
      const { errors } = await actor.enrollApp({ flowToken });
      expect(codeOf({ errors })).toBe(isFirst ? undefined : 'WRONG_STATUS');
      if (!isFirst) return void (actor.app = app);
      const input = { flowToken, rememberDevice };
      const { tokens } = await actor.call('completeAuthFlow', input);
      actor.adopt(at, tokens, ['pwd', 'otp', 'mfa'], rememberDevice);
      keepCompletion(actor, 'completeAuthFlow', input, tokens);
    },
  );

const enrollInSession = (at: number): Step =>
  step(
    `enroll in the session at ${at}`,
    (model) => !model.hasApp && model.standing(at) !== undefined,
    async (actor) => {
      const session = actor.model.standing(at);
      const isFresh = session && actor.model.isStepUpFresh(session);
      const { errors } = await actor.enrollApp({ authorization: await actor.bearer(at) });
      expect(codeOf({ errors })).toBe(isFresh ? undefined : 'STEP_UP_REQUIRED');
    },
  );

const removeApp = (at: number): Step =>
  step(
    `remove the app, stepped up at ${at}`,
    (model) => model.hasApp && model.standing(at) !== undefined,
    async (actor) => {
      const { model, app } = actor;
      const bearer = await actor.stepUp(at);
      const { errors } = await actor.call('removeFactor', { factorId: app?.id }, 'factor { id }', bearer);
      expect(codeOf({ errors })).toBe(model.mayRemoveLastFactor() ? undefined : 'LAST_FACTOR');
      if (errors.length > 0) return;
      model.hasApp = false;
      model.forgetRemembered();
      model.revokeAllBut(model.here[at]);
    },
  );

const changePassword = (at: number): Step =>
  step(
    `change the password at ${at}`,
    (model) => model.standing(at) !== undefined,
    async (actor) => {
      const { model } = actor;
      const session = model.here[at];
      const bearer = model.hasApp ? await actor.stepUp(at) : await actor.bearer(at);
      const input = { currentPassword: actor.password, newPassword: actor.otherPassword };
      const { errors } = await actor.call('changePassword', input, 'user { id }', bearer);
      const isFresh = session && model.isStepUpFresh(session);
      expect(codeOf({ errors })).toBe(isFresh ? undefined : 'STEP_UP_REQUIRED');
      if (errors.length > 0) return;
      actor.changePasswordHere();
      model.flows.length = 0;
      model.forgetRemembered();
      model.revokeAllBut(session);
    },
  );

const signOutEverywhere = (at: number): Step =>
  step(
    `sign out everywhere at ${at}`,
    (model) => model.standing(at) !== undefined,
    async (actor) => {
      const bearer = await actor.bearer(at);
      const { errors } = await actor.call('signOut', { allSessions: true }, 'user { id }', bearer);
      expect(errors).toEqual([]);
      actor.model.forgetRemembered();
      actor.model.revokeAllBut();
    },
  );

const refresh = (at: number): Step =>
  step(
    `refresh at ${at}`,
    (model) => model.here[at] !== undefined,
    async (actor) => {
      const stands = actor.model.standing(at) !== undefined;
      const { tokens, errors } = await actor.refresh(at);
      expect({ isSignedIn: tokens !== null, code: codeOf({ errors }) }).toEqual({
        isSignedIn: stands,
        code: stands ? undefined : 'INVALID_TOKEN',
      });
    },
  );

const changePolicy = (to: ModelPolicy): Step =>
  step(`change the policy to ${Object.values(to).join(' ')}`, always, async (actor) => {
    await actor.changePolicy(to);
    actor.model.changePolicy(to);
  });

const saveAgain = step('save the last policy again', always, async (actor) => {
  await actor.changePolicy(actor.model.lastPolicy);
  actor.model.changePolicy(actor.model.lastPolicy);
});

const breakPolicy = step(
  'make the policy unreadable',
  (model) => model.policy !== undefined,
  async (actor) => {
    await actor.world.database.affected(
      `INSERT INTO policy (version, "values", updated_at)
       SELECT version + 1, '{"requirement": "NONSENSE"}', gateway_now() FROM policy ORDER BY version DESC LIMIT 1`,
    );
    actor.model.policy = undefined;
  },
);

const extendDeadline = (days: number): Step =>
  step(
    `extend the deadline to ${days} days from now`,
    (model) => model.dueAt !== null && model.now + days * DAY > model.dueAt,
    async ({ world, user, model }) => {
      model.dueAt = model.now + days * DAY;
      const until = new Date(model.dueAt);
      await world.database.transaction((tx) => world.a.app.policies.moveDeadline(tx, user.id, until));
    },
  );

const wait = (milliseconds: number, words: string): Step =>
  step(`wait ${words}`, always, async (actor) => {
    await actor.advance(milliseconds);
    if (milliseconds >= DAY) await actor.world.a.app.sweep();
  });

const waitForDeadline = (early: number): Step =>
  step(
    early > 0 ? 'wait until a minute before the deadline' : 'wait until the deadline',
    ({ dueAt, now }) => dueAt !== null && dueAt - early > now,
    async (actor) => actor.advance((actor.model.dueAt ?? 0) - early - actor.model.now),
  );

const ANSWERS: readonly Answer[] = [
  'the app',
  'a backup code',
  'a wrong code',
  'a used code',
  'a used backup code',
];

export const anyPolicy = policy;

/** What happens often comes first; what others need to have happened is frequent. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: browser.map((at) => signIn(at, true)) },
  {
    weight: 6,
    arbitrary: fc.tuple(browser, fc.boolean()).map(([at, remember]) => answer(at, 'the app', remember)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(browser, fc.constantFrom(...ANSWERS), fc.boolean())
      .map(([at, by, remember]) => answer(at, by, remember)),
  },
  { weight: 4, arbitrary: policy.map(changePolicy) },
  {
    weight: 3,
    arbitrary: fc.tuple(browser, fc.boolean()).map(([at, remember]) => enrollInFlow(at, remember)),
  },
  { weight: 3, arbitrary: browser.map(enrollInSession) },
  { weight: 2, arbitrary: fc.constantFrom(1, 4, 20, 120).map((n) => wait(n * MINUTE, `${n} minutes`)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map((n) => wait(n * DAY, `${n} days`)) },
  { weight: 2, arbitrary: fc.constantFrom(0, MINUTE).map(waitForDeadline) },
  { weight: 2, arbitrary: browser.map(refresh) },
  { weight: 2, arbitrary: browser.map(removeApp) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }).map(extendDeadline) },
  { weight: 1, arbitrary: fc.constant(breakPolicy) },
  { weight: 1, arbitrary: fc.constant(saveAgain) },
  { weight: 1, arbitrary: fc.constant(repeat) },
  { weight: 1, arbitrary: browser.map(signOutEverywhere) },
  { weight: 1, arbitrary: browser.map(changePassword) },
  { weight: 1, arbitrary: browser.map((at) => signIn(at, false)) },
);
