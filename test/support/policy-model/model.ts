/**
 * What a gateway owes one user under a changing policy, said once more in as few words as possible. It shares no line
 * with the product, so that a mistake in one of them shows. Times are in milliseconds.
 */
const MINUTE = 60_000;
const DAY = 86_400_000;
const AWAY = 90 * DAY;
/** Of a world that is opened with `LONG_SESSIONS`. */
const SESSION_LIFE = 30 * DAY;
const SESSION_IDLE = 7 * DAY;
const REPLY_REPEATABLE = 30_000;
const STEP_UP_LIFE = 5 * MINUTE;
const FLOW_LIFE = 10 * MINUTE;
const COLLECTION_LIFE = MINUTE;
/** Longer than waiting for the app's next code takes. */
const MARGIN = MINUTE;

/** Sessions that live long enough to meet a deadline. */
export const LONG_SESSIONS = {
  SESSION_HOURS: '720',
  SESSION_IDLE_MINUTES: '10080',
  ACCESS_TOKEN_SECONDS: '600',
};

/** What the model knows of a policy; all else stays as it is by default, but for `ATTEMPTS`. */
export interface ModelPolicy {
  readonly requirement: 'OPTIONAL' | 'WHEN_RISKY' | 'ALWAYS';
  readonly graceDays: number;
  readonly rememberDays: number;
  readonly newDevice: 'IGNORE' | 'PROMPT_MFA' | 'REQUIRE_MFA' | 'BLOCK';
}

/** Wrong answers per flow that every policy of the model allows; the built-in number where none can be read. */
export const ATTEMPTS = 3;
const ATTEMPTS_UNREADABLE = 5;

/** What a right password leads to. */
export type Outcome = 'SESSION' | 'CHALLENGE' | 'ENROLLMENT' | 'REFUSED';

export interface Device {
  rememberedUntil: number;
}

export interface ModelFlow {
  asks: 'CHALLENGE' | 'ENROLLMENT' | 'COLLECTION';
  /** When it began to ask that. */
  since: number;
  /** The one that it began from; undefined: one not seen before. */
  readonly device: Device | undefined;
  /** Those of the policy when it began; 0: the browser cannot be remembered. */
  readonly rememberDays: number;
  attemptsLeft: number;
}

export interface ModelSession {
  methods: readonly string[];
  readonly wasPolicyReadable: boolean;
  readonly openedAt: number;
  provenAt: number;
  usedAt: number;
  endsAt: number;
  isRevoked: boolean;
  /** The refresh token of the completing reply was not used. */
  isFresh: boolean;
}

export class PolicyModel {
  /** Undefined: it cannot be read. */
  policy: ModelPolicy | undefined;
  dueAt: number | null = null;
  hasApp = false;
  /** By browser. */
  readonly known: (Device | undefined)[] = [];
  readonly flows: (ModelFlow | undefined)[] = [];
  readonly here: (ModelSession | undefined)[] = [];
  devices: Device[] = [];
  readonly sessions = new Map<string, ModelSession>();
  private lastActiveAt: number;

  constructor(
    /** The policy that was changed to last. */
    public lastPolicy: ModelPolicy,
    public now: number,
  ) {
    this.lastActiveAt = now;
    this.changePolicy(lastPolicy);
  }

  changePolicy(policy: ModelPolicy): void {
    this.policy = this.lastPolicy = policy;
    if (policy.requirement !== 'ALWAYS') return;
    // Who was away for long gets no time: it would open the account to its password alone.
    if (this.now - this.lastActiveAt < AWAY) this.dueAt ??= this.now + policy.graceDays * DAY;
    if (this.hasApp || this.dueAt === null) return;
    for (const session of this.sessions.values())
      if (!session.isRevoked) session.endsAt = Math.min(session.endsAt, this.dueAt);
  }

  /** What the right password leads to in a browser. */
  outcomeOf(browser: number): Outcome {
    const { policy, now, hasApp, dueAt } = this;
    const device = this.known[browser];
    const isLeftAlone = now - this.lastActiveAt >= AWAY;
    const isInGrace = dueAt !== null && now < dueAt;
    if (!device && policy?.newDevice === 'BLOCK') return 'REFUSED';
    if (hasApp) {
      if (!policy || isLeftAlone || (!device && policy.newDevice !== 'IGNORE')) return 'CHALLENGE';
      const isRemembered = policy.rememberDays > 0 && device !== undefined && device.rememberedUntil > now;
      return isRemembered || policy.requirement === 'WHEN_RISKY' ? 'SESSION' : 'CHALLENGE';
    }
    const isDemanded =
      !policy ||
      (policy.requirement === 'ALWAYS' && !isInGrace) ||
      (!device && policy.newDevice === 'REQUIRE_MFA');
    if (!isDemanded) return 'SESSION';
    return isLeftAlone && !isInGrace ? 'REFUSED' : 'ENROLLMENT';
  }

  begin(browser: number, asks: ModelFlow['asks']): void {
    this.flows[browser] = {
      asks,
      since: this.now,
      device: this.known[browser],
      rememberDays: this.policy?.rememberDays ?? 0,
      attemptsLeft: this.policy ? ATTEMPTS : ATTEMPTS_UNREADABLE,
    };
  }

  /** The flow that waits in a browser, if there is time enough to answer it. */
  waiting(browser: number, asks: ModelFlow['asks']): ModelFlow | undefined {
    const flow = this.flows[browser];
    if (flow?.asks !== asks || flow.attemptsLeft === 0) return undefined;
    const life = asks === 'COLLECTION' ? COLLECTION_LIFE : FLOW_LIFE - MARGIN;
    return this.now - flow.since < life ? flow : undefined;
  }

  /** A session is opened in a browser, with what was proven; gives until when the browser is remembered. */
  open(id: string, browser: number, methods: readonly string[], remember = false): void {
    const { now, policy, dueAt } = this;
    const flow = this.flows[browser];
    const isGraceUsed = methods.length === 1 && !this.hasApp && policy?.requirement === 'ALWAYS';
    const session: ModelSession = {
      methods,
      wasPolicyReadable: policy !== undefined,
      openedAt: now,
      provenAt: now,
      usedAt: now,
      endsAt: isGraceUsed && dueAt !== null ? Math.min(now + SESSION_LIFE, dueAt) : now + SESSION_LIFE,
      isRevoked: false,
      isFresh: true,
    };
    this.sessions.set(id, session);
    this.here[browser] = session;
    this.lastActiveAt = now;
    const device = (flow ? flow.device : this.known[browser]) ?? { rememberedUntil: 0 };
    this.known[browser] = device;
    if (!this.devices.includes(device)) this.devices.push(device);
    if (remember && flow && flow.rememberDays > 0) device.rememberedUntil = now + flow.rememberDays * DAY;
    this.flows[browser] = undefined;
  }

  stands(session: ModelSession): boolean {
    return !session.isRevoked && this.now < session.endsAt && this.now - session.usedAt < SESSION_IDLE;
  }

  /** The session of a browser, if it stands. */
  standing(browser: number): ModelSession | undefined {
    const session = this.here[browser];
    return session && this.stands(session) ? session : undefined;
  }

  /** Whether what the session of a browser has proven is strong and fresh enough to change the account. */
  isStepUpFresh(browser: number): boolean {
    const { provenAt = 0, methods = [] } = this.here[browser] ?? {};
    return this.now - provenAt <= STEP_UP_LIFE && (!this.hasApp || methods.includes('mfa'));
  }

  isRepeatable(id: string): boolean {
    const session = this.sessions.get(id);
    return (
      session !== undefined &&
      session.isFresh &&
      this.stands(session) &&
      this.now - session.openedAt < REPLY_REPEATABLE
    );
  }

  mayRemoveLastFactor(): boolean {
    return this.policy !== undefined && this.policy.requirement !== 'ALWAYS';
  }

  raise(session: ModelSession, methods: readonly string[]): void {
    Object.assign(session, { methods, provenAt: this.now, usedAt: this.now });
  }

  /** Ends all sessions, but the one of a browser. */
  revokeAllBut(browser: number | null): void {
    const spared = browser === null ? undefined : this.here[browser];
    for (const session of this.sessions.values()) if (session !== spared) session.isRevoked = true;
  }

  forgetRemembered(): void {
    for (const device of this.devices) device.rememberedUntil = 0;
  }
}
