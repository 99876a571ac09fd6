import { decodeJwt } from 'jose';
import { DEFAULT_POLICY, type PolicyValues } from '../../../src/features/policy';
import { codeAt } from '../../../src/features/factors/kinds/totp/totp';
import { ATTEMPTS, PolicyModel, type ModelPolicy } from './model';
import { GOT, PASSWORD, type TestUser, type World } from '../world';

const PERIOD = 30_000;
const NEW_PASSWORD = 'zebra umbrella 7 quiet';
/** Refreshed when it is older, so that no step meets one that is over. */
const TOKEN_USABLE = 300_000;
const SETUP =
  'enrollment { id setup { ... on TotpSetup { secret } } factor { id } } enrollmentToken backupCodes';

interface HeldTokens {
  readonly sessionId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly issuedAt: number;
}

/** The call that completed a flow, to be made again. */
interface Completion {
  readonly operation: 'verifyChallenge' | 'completeAuthFlow';
  readonly input: object;
  readonly tokens: Tokens;
}

/** A user at a real gateway, with all that browsers and app would keep. What it learns it tells the model. */
export class PolicyActor {
  password = PASSWORD;
  readonly deviceTokens: (string | undefined)[] = [];
  readonly flowTokens: string[] = [];
  readonly tokens: (HeldTokens | undefined)[] = [];
  app: { readonly secret: string; lastStep: number } | undefined;
  backupCodes: string[] = [];
  usedBackupCodes: string[] = [];
  lastCompletion: Completion | undefined;

  private constructor(
    readonly world: World,
    readonly user: TestUser,
    readonly model: PolicyModel,
  ) {}

  /** A new user without a factor, made under the policy. */
  static async under(policy: ModelPolicy, world: World): Promise<PolicyActor> {
    await world.a.app.policies.change({ values: valuesOf(policy), basedOn: null, updatedBy: null });
    return new PolicyActor(world, await world.user(), new PolicyModel(policy, world.now().getTime()));
  }

  get otherPassword(): string {
    return this.password === PASSWORD ? NEW_PASSWORD : PASSWORD;
  }

  async advance(milliseconds: number): Promise<void> {
    await this.world.advance(milliseconds / 1000);
    this.model.now = this.world.now().getTime();
  }

  readonly call = (operation: string, input: object, selection = GOT, authorization?: string) =>
    this.world.a.mutate(operation, input, selection, authorization ? { authorization } : {});

  signIn(browser: number, password: string) {
    const deviceToken = this.deviceTokens[browser];
    return this.call('signIn', { email: this.user.email, password, deviceToken });
  }

  /** `Bearer …` of the browser's session. */
  async bearer(browser: number): Promise<string> {
    const held = this.tokens[browser];
    if (held && this.model.now - held.issuedAt < TOKEN_USABLE) return `Bearer ${held.accessToken}`;
    const { errors } = await this.refresh(browser);
    expect(errors).toEqual([]);
    return `Bearer ${this.tokens[browser]?.accessToken ?? ''}`;
  }

  async refresh(browser: number) {
    const refreshToken = this.tokens[browser]?.refreshToken;
    const got = await this.call('refreshTokens', { refreshToken }, TOKENS);
    const session = this.model.here[browser];
    if (got.tokens && session) {
      this.keep(browser, got.tokens);
      Object.assign(session, { usedAt: this.model.now, isFresh: false });
    }
    return got;
  }

  /** Takes the tokens of a reply that opened a session, and compares what they say with what was proven. */
  adopt(browser: number, tokens: Tokens, methods: readonly string[], remember = false): void {
    this.model.open(tokens.session.id, browser, methods, remember);
    this.keep(browser, tokens);
    this.deviceTokens[browser] = tokens.deviceToken ?? undefined;
    const claims = decodeJwt(tokens.accessToken);
    expect(new Set(claims['amr'] as string[])).toEqual(new Set(methods));
    expect(claims['acr']).toBe(methods.includes('mfa') ? 'aal2' : 'aal1');
  }

  /** The next code of the app that was not used; waits for it. */
  async freshCode(): Promise<string> {
    const app = this.held();
    const step = Math.floor(this.model.now / PERIOD);
    if (app.lastStep >= step) await this.advance((app.lastStep + 1 - step) * PERIOD);
    app.lastStep = Math.floor(this.model.now / PERIOD);
    return codeAt(app.secret, new Date(this.model.now));
  }

  usedCode(): Promise<string> {
    const { secret, lastStep } = this.held();
    return codeAt(secret, new Date(lastStep * PERIOD));
  }

  /** Six digits that the app does not show within a minute. */
  async wrongCode(): Promise<string> {
    const { secret } = this.held();
    const steps = [-2, -1, 0, 1, 2].map((far) => new Date(this.model.now + far * PERIOD));
    const shown = await Promise.all(steps.map((at) => codeAt(secret, at)));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((c) => !shown.includes(c)) ?? '';
  }

  async factorId(kind: string): Promise<string> {
    const row = await this.world.database.row<{ id: string }>(
      'SELECT id FROM factor WHERE user_id = $1 AND kind = $2 AND revoked_at IS NULL',
      [this.user.id, kind],
    );
    return row?.id ?? '';
  }

  /** Enrolls the app, in a flow or in a session. */
  async enrollApp(where: { readonly flowToken?: string; readonly authorization?: string }) {
    const { flowToken, authorization } = where;
    const started = await this.call('startEnrollment', { kind: 'TOTP', flowToken }, SETUP, authorization);
    if (started.errors.length > 0) return started;
    const secret = (started.enrollment.setup.secret as string).replaceAll(' ', '');
    const proof = { code: await codeAt(secret, new Date(this.model.now)) };
    const input = { enrollmentToken: started.enrollmentToken, proof };
    const done = await this.call('confirmEnrollment', input, SETUP, authorization);
    if (done.errors.length > 0) return done;
    const lastStep = Math.floor(this.model.now / PERIOD);
    this.app = { secret, lastStep };
    this.backupCodes = [...((done.backupCodes as string[] | null) ?? [])];
    this.usedBackupCodes = [];
    this.model.hasApp = true;
    this.model.forgetRemembered();
    return done;
  }

  /** Proves the app in the browser's session; gives the stepped-up `Bearer …`. */
  async stepUp(browser: number): Promise<string> {
    const begun = await this.call('startStepUp', {}, GOT, await this.bearer(browser));
    const proof = { code: await this.freshCode() };
    const { tokens, errors } = await this.call('verifyChallenge', { flowToken: begun.flowToken, proof });
    expect({ errors, session: tokens?.session.id }).toEqual({
      errors: [],
      session: this.tokens[browser]?.sessionId,
    });
    const session = this.model.here[browser];
    if (session) this.model.raise(session, ['pwd', 'otp', 'mfa']);
    const { refreshToken = '' } = this.tokens[browser] ?? {};
    this.keep(browser, { ...tokens, refreshToken });
    return `Bearer ${tokens.accessToken as string}`;
  }

  readonly changePolicy = (policy: ModelPolicy) =>
    this.world.a.app.policies.change({ values: valuesOf(policy), basedOn: null, updatedBy: null });

  private keep(browser: number, { accessToken, refreshToken, session }: Tokens): void {
    this.tokens[browser] = { sessionId: session.id, accessToken, refreshToken, issuedAt: this.model.now };
  }

  private held() {
    if (!this.app) throw new Error('there is no app');
    return this.app;
  }
}

const TOKENS = 'tokens { accessToken refreshToken session { id } }';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceToken?: string | null;
  readonly session: { readonly id: string };
}

const valuesOf = (policy: ModelPolicy): PolicyValues => ({
  ...DEFAULT_POLICY,
  requirement: policy.requirement,
  enrollmentGraceDays: policy.graceDays,
  rememberDeviceDays: policy.rememberDays,
  riskResponses: { ...DEFAULT_POLICY.riskResponses, NEW_DEVICE: policy.newDevice },
  maximumAttempts: ATTEMPTS,
});
