import fc from 'fast-check';
import { codeOf } from '../attempts';
import type { PolicyActor } from './actor';
import type { Outcome, PolicyModel } from './model';
import { anywhere, inBrowser } from './step';

type IsPossible = (model: PolicyModel, browser: number) => boolean;
const isSignedIn: IsPossible = (model, browser) => model.standing(browser) !== undefined;

const OUTCOMES: Record<string, Outcome> = {
  CHALLENGE_PENDING: 'CHALLENGE',
  ENROLLMENT_REQUIRED: 'ENROLLMENT',
  BLOCKED_BY_POLICY: 'REFUSED',
  // Left alone for long and without a factor: from there nothing leads on but a recovery.
  CHALLENGE_REQUIRED: 'REFUSED',
};

/** More often from a browser that is known. */
export const signIn = inBrowser(fc.constantFrom('known', 'any'), (which) => ({
  name: 'sign in',
  isPossible: (model, browser) => which === 'any' || model.known[browser] !== undefined,
  async run(actor, browser) {
    const { model } = actor;
    const { flow, flowToken, tokens, errors } = await actor.signIn(browser, actor.password);
    const got = tokens
      ? 'SESSION'
      : OUTCOMES[(flow?.status as string | undefined) ?? codeOf({ errors }) ?? ''];
    expect({ outcome: got, errors }).toMatchObject({ outcome: model.outcomeOf(browser) });
    model.flows[browser] = undefined;
    if (tokens) return actor.adopt(browser, tokens, ['pwd']);
    if (got !== 'CHALLENGE' && got !== 'ENROLLMENT') return;
    actor.flowTokens[browser] = flowToken;
    model.begin(browser, got);
  },
}));

export const signInWithWrongPassword = inBrowser(fc.constant(null), () => ({
  name: 'sign in with a wrong password',
  async run(actor, browser) {
    const { flow, tokens, errors } = await actor.signIn(browser, actor.otherPassword);
    expect({ flow, tokens, code: codeOf({ errors }) }).toEqual({
      flow: null,
      tokens: null,
      code: 'INVALID_CREDENTIALS',
    });
  },
}));

type Proof = 'the app' | 'a backup code' | 'a wrong code' | 'a used code' | 'a used backup code';
const PROOFS = [
  'the app',
  'the app',
  'the app',
  'the app',
  'the app',
  'a backup code',
  'a wrong code',
  'a used code',
  'a used backup code',
];

export const answer = inBrowser(
  fc.record({
    by: fc.constantFrom(...(PROOFS as Proof[])),
    rememberDevice: fc.constantFrom(true, true, false),
  }),
  ({ by, rememberDevice }) => ({
    name: `answer by ${by}${rememberDevice ? ', to be remembered,' : ''}`,
    isPossible: (model, browser) => model.hasApp && model.waiting(browser, 'CHALLENGE') !== undefined,
    async run(actor, browser) {
      const flow = actor.model.waiting(browser, 'CHALLENGE');
      const code = await codeFor(actor, by);
      if (code === undefined || !flow) return;
      const isBackup = by.includes('backup');
      const flowToken = actor.flowTokens[browser] ?? '';
      const factorId = await actor.factorId(isBackup ? 'BACKUP_CODE' : 'TOTP');
      expect((await actor.call('startChallenge', { flowToken, factorId })).errors).toEqual([]);
      const input = { flowToken, proof: { code }, rememberDevice };
      const { tokens, errors } = await actor.call('verifyChallenge', input);
      if (by === 'the app' || by === 'a backup code') {
        expect(errors).toEqual([]);
        const methods = ['pwd', isBackup ? 'backup_code' : 'otp', 'mfa'];
        actor.adopt(browser, tokens, methods, rememberDevice && !isBackup);
        actor.lastCompletion = { operation: 'verifyChallenge', input, tokens };
        return;
      }
      flow.attemptsLeft -= 1;
      const refusal = flow.attemptsLeft > 0 ? 'INVALID_CODE' : 'TOO_MANY_ATTEMPTS';
      expect({ tokens, code: codeOf({ errors }) }).toEqual({ tokens: null, code: refusal });
    },
  }),
);

/** Undefined: there is none of that sort. */
async function codeFor(actor: PolicyActor, by: Proof): Promise<string | undefined> {
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

export const repeatLastCall = anywhere(fc.constant(null), () => ({
  name: 'repeat the call whose reply was lost',
  isPossible: (model) => model.sessions.size > 0,
  async run({ lastCompletion, model, call }) {
    if (!lastCompletion) return;
    const { operation, input, tokens: lost } = lastCompletion;
    const { tokens, errors } = await call(operation, input);
    if (model.isRepeatable(lost.session.id)) expect(tokens).toMatchObject(sameSession(lost));
    else expect({ tokens, code: codeOf({ errors }) }).toEqual({ tokens: null, code: 'INVALID_TOKEN' });
  },
}));

const sameSession = ({ session, refreshToken }: { session: { id: string }; refreshToken: string }) => ({
  session: { id: session.id },
  refreshToken,
});

/** Its session is collected at once, or by a later step. */
export const enrollInFlow = inBrowser(fc.boolean(), (isCollected) => ({
  name: `enroll in the flow${isCollected ? ' and collect' : ''}`,
  isPossible: (model, browser) => model.waiting(browser, 'ENROLLMENT') !== undefined,
  async run(actor, browser) {
    const { model } = actor;
    const isFirst = !model.hasApp;
    const { errors } = await actor.enrollApp({ flowToken: actor.flowTokens[browser] ?? '' });
    expect(codeOf({ errors })).toBe(isFirst ? undefined : 'WRONG_STATUS');
    const flow = model.waiting(browser, 'ENROLLMENT');
    if (!isFirst || !flow) return;
    Object.assign(flow, { asks: 'COLLECTION', since: model.now });
    if (isCollected) await collectAt(actor, browser, true);
  },
}));

export const collect = inBrowser(fc.boolean(), (rememberDevice) => ({
  name: `collect${rememberDevice ? ', to be remembered,' : ''}`,
  isPossible: (model, browser) => model.hasApp && model.flows[browser]?.asks === 'COLLECTION',
  run: (actor, browser) => collectAt(actor, browser, rememberDevice),
}));

async function collectAt(actor: PolicyActor, browser: number, rememberDevice: boolean): Promise<void> {
  const isInTime = actor.model.waiting(browser, 'COLLECTION') !== undefined;
  const input = { flowToken: actor.flowTokens[browser] ?? '', rememberDevice };
  const { tokens, errors } = await actor.call('completeAuthFlow', input);
  expect(codeOf({ errors })).toBe(isInTime ? undefined : 'INVALID_TOKEN');
  if (!isInTime) return;
  actor.adopt(browser, tokens, ['pwd', 'otp', 'mfa'], rememberDevice);
  actor.lastCompletion = { operation: 'completeAuthFlow', input, tokens };
}

export const enrollInSession = inBrowser(fc.constant(null), () => ({
  name: 'enroll in the session',
  isPossible: (model, browser) => !model.hasApp && isSignedIn(model, browser),
  async run(actor, browser) {
    const isAllowed = actor.model.isStepUpFresh(browser);
    const { errors } = await actor.enrollApp({ authorization: await actor.bearer(browser) });
    expect(codeOf({ errors })).toBe(isAllowed ? undefined : 'STEP_UP_REQUIRED');
  },
}));

export const removeApp = inBrowser(fc.constant(null), () => ({
  name: 'remove the app, stepped up',
  isPossible: (model, browser) => model.hasApp && isSignedIn(model, browser),
  async run(actor, browser) {
    const { model } = actor;
    const bearer = await actor.stepUp(browser);
    const input = { factorId: await actor.factorId('TOTP') };
    const { errors } = await actor.call('removeFactor', input, 'factor { id }', bearer);
    expect(codeOf({ errors })).toBe(model.mayRemoveLastFactor() ? undefined : 'LAST_FACTOR');
    if (errors.length > 0) return;
    model.hasApp = false;
    model.forgetRemembered();
    model.revokeAllBut(browser);
  },
}));

export const changePassword = inBrowser(fc.constant(null), () => ({
  name: 'change the password',
  isPossible: isSignedIn,
  async run(actor, browser) {
    const { model } = actor;
    const bearer = model.hasApp ? await actor.stepUp(browser) : await actor.bearer(browser);
    const input = { currentPassword: actor.password, newPassword: actor.otherPassword };
    const { errors } = await actor.call('changePassword', input, 'user { id }', bearer);
    expect(codeOf({ errors })).toBe(model.isStepUpFresh(browser) ? undefined : 'STEP_UP_REQUIRED');
    if (errors.length > 0) return;
    actor.password = input.newPassword;
    model.flows.length = 0;
    model.forgetRemembered();
    model.revokeAllBut(browser);
  },
}));

export const signOutEverywhere = inBrowser(fc.constant(null), () => ({
  name: 'sign out everywhere',
  isPossible: isSignedIn,
  async run(actor, browser) {
    const bearer = await actor.bearer(browser);
    expect((await actor.call('signOut', { allSessions: true }, 'user { id }', bearer)).errors).toEqual([]);
    actor.model.forgetRemembered();
    actor.model.revokeAllBut(null);
  },
}));

export const refreshTokens = inBrowser(fc.constant(null), () => ({
  name: 'refresh the tokens',
  isPossible: (model, browser) => model.here[browser] !== undefined,
  async run(actor, browser) {
    const isStanding = isSignedIn(actor.model, browser);
    const { tokens, errors } = await actor.refresh(browser);
    expect({ isRefreshed: tokens !== null, code: codeOf({ errors }) }).toEqual({
      isRefreshed: isStanding,
      code: isStanding ? undefined : 'INVALID_TOKEN',
    });
  },
}));
