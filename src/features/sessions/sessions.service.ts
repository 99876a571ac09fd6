import {
  Refusal,
  RequestFault,
  after,
  assuranceOf,
  methodsOf,
  minutes,
  newId,
  reaches,
  type Chance,
  type Clock,
  type Proven,
} from '../../kernel';
import {
  sameBytes,
  sha256,
  type Database,
  type Keyring,
  type Sql,
  type UnitOfWork,
  type UserCaller,
} from '../../platform';
import type { Enforced } from '../policy';
import type { AccessTokens } from './access-tokens.service';
import { RETRY_SECONDS, refreshTokenAfter, type RefreshTokens } from './refresh-tokens.service';
import { steppedUp, type IssuedTokens, type OpenSession, type Session, type TokenHolder } from './session';
import type { SessionGrant } from './session-grant';
import type { SessionSettings } from './sessions.config';
import {
  endByDeadline,
  findJustOpened,
  findStanding,
  insertSession,
  listStanding,
  lockStanding,
  revokeOwn,
  revokeSession,
  revokeSessionsBegunWith,
  revokeSessionsOf,
  setAuthentication,
  spendStepUp,
  standingRoles,
  sweepSessions,
} from './sessions.store';

const LISTED_MAX = 50;

type SessionOfUser = Pick<UserCaller, 'sessionId' | 'userId'>;

/** Opens, raises, continues and ends sessions, and tells who calls. */
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly settings: SessionSettings,
  ) {}

  /**
   * The one door to a session. Refuses with INVALID_TOKEN if the flow has opened one already, or the user may
   * not act. `tokens` follows after the commit.
   */
  async open(tx: UnitOfWork, grant: SessionGrant): Promise<OpenSession> {
    const { opening } = grant;
    const keyVersion = this.keyring.version;
    const refreshToken = refreshTokenAfter(this.keyring, opening.flowToken, keyVersion);
    const session = await insertSession(tx, {
      ...opening,
      assurance: assuranceOf(opening.proofs),
      methods: methodsOf(opening.proofs),
      id: newId('ses', this.clock, this.chance),
      lifeSeconds: this.settings.sessionHours * 3600,
      refreshHash: sha256(refreshToken),
      keyVersion,
    });
    if (!session) throw new Refusal('INVALID_TOKEN', {}, 'the flow has its session, or the user may not act');
    return { ...session, refreshToken };
  }

  /**
   * A step-up: the session gets what was proven now, unless it has proven more before. The tokens made from
   * the result say what this step-up proved. Undefined if the session is over, or the user may not act.
   */
  async raise(
    tx: UnitOfWork,
    sessionId: string,
    userId: string,
    fresh: readonly Proven[],
  ): Promise<OpenSession | undefined> {
    const held = await lockStanding(tx, sessionId, userId, this.idleSeconds);
    if (!held) return undefined;
    const proven = steppedUp(held, fresh, held.now);
    const kept = reaches(proven.assurance, held.assurance) ? proven : held;
    const session = await setAuthentication(tx, sessionId, kept);
    return session && { ...session, ...proven, refreshToken: null };
  }

  /** The result of `raise` once more, for a repeat of the call whose reply was lost; changes nothing. */
  async raisedAgain(
    sessionId: string,
    userId: string,
    fresh: readonly Proven[],
    raisedAt: Date,
  ): Promise<OpenSession | undefined> {
    const session = await this.standing({ sessionId, userId });
    return session && { ...session, ...steppedUp(session, fresh, raisedAt), refreshToken: null };
  }

  /**
   * The result of `open` once more, for a repeat of the completing call within 30 seconds: the same refresh
   * token, derived again. Undefined once that token was used, or the session is over.
   */
  async reopen(flowId: string, flowToken: string): Promise<OpenSession | undefined> {
    const found = await findJustOpened(this.database, flowId, this.idleSeconds, RETRY_SECONDS);
    if (!found || !this.keyring.has(found.keyVersion)) return undefined;
    const { keyVersion, hash, ...session } = found;
    const refreshToken = refreshTokenAfter(this.keyring, flowToken, keyVersion);
    return sameBytes(sha256(refreshToken), Buffer.from(hash)) ? { ...session, refreshToken } : undefined;
  }

  /** Signs the access token; to be called after the commit, with the roles that the user has then. */
  async tokens(
    open: OpenSession,
    holder: TokenHolder,
    deviceToken: string | null = null,
  ): Promise<IssuedTokens> {
    const { refreshToken, transaction, ...session } = open;
    const { accessToken, expiresAt } = await this.accessTokens.issue({ ...session, transaction }, holder);
    return {
      accessToken,
      accessTokenExpiresAt: expiresAt,
      refreshToken,
      refreshTokenExpiresAt: refreshToken === null ? null : this.refreshableUntil(session),
      deviceToken,
      session,
    };
  }

  /**
   * New tokens for a refresh token. Level and time of authentication stay as they are. Refuses with
   * INVALID_TOKEN.
   */
  async refresh(presented: string): Promise<IssuedTokens> {
    const { session, holder } = await this.refreshTokens.exchange(presented);
    return this.tokens(session, holder);
  }

  /**
   * Who holds this access token. Throws RequestFault: UNAUTHENTICATED, or SERVICE_UNAVAILABLE where that
   * cannot be asked. A session that was ended is refused at once, whatever life the token has left.
   */
  async authenticate(bearer: string): Promise<UserCaller> {
    const claims = await this.accessTokens.verify(bearer);
    const { userId, sessionId, clientId, assurance, authenticatedAt } = claims;
    const standing = await standingRoles(this.database, sessionId, userId, this.idleSeconds);
    if (!standing) throw new RequestFault('UNAUTHENTICATED', undefined, 'the session or user stands no more');
    return { kind: 'user', userId, sessionId, clientId, roles: standing.roles, assurance, authenticatedAt };
  }

  /** Whether a caller who was accepted may still be served. */
  async isStanding({ sessionId, userId }: SessionOfUser): Promise<boolean> {
    return (await standingRoles(this.database, sessionId, userId, this.idleSeconds)) !== undefined;
  }

  /** The caller's session, if it stands and the user may act. */
  standing({ sessionId, userId }: SessionOfUser, sql: Sql = this.database): Promise<Session | undefined> {
    return findStanding(sql, sessionId, userId, this.idleSeconds);
  }

  /** Ends one session; with `userId` only if it is that user's. False: there was nothing to end. */
  async revoke(
    tx: UnitOfWork,
    sessionId: string,
    reason: string,
    userId: string | null = null,
  ): Promise<boolean> {
    return (await revokeSession(tx, sessionId, reason, userId)) > 0;
  }

  /** Ends all sessions of the user, or all but one; says how many. */
  revokeAll(
    tx: UnitOfWork,
    userId: string,
    reason: string,
    exceptSessionId: string | null = null,
  ): Promise<number> {
    return revokeSessionsOf(tx, userId, reason, exceptSessionId);
  }

  /**
   * Uses up the proof that the caller's token speaks of: an operation of the highest class takes one of its own. False if
   * it was used up before.
   */
  spendStepUp(tx: UnitOfWork, sessionId: string, authenticatedAt: Date): Promise<boolean> {
    return spendStepUp(tx, sessionId, authenticatedAt);
  }

  /** A changed policy, or role of one user: sessions of those without a factor end by their deadline at the latest. */
  async endByDeadline(tx: UnitOfWork, enforced: Enforced, userId: string | null): Promise<void> {
    await endByDeadline(tx, enforced, userId);
  }

  /** Ends the session that a flow began, and the one that is named; says how many. */
  revokeBegunWith(
    tx: UnitOfWork,
    names: { readonly userId: string; readonly flowId: string | null; readonly sessionId: string | null },
    reason: string,
  ): Promise<number> {
    return revokeSessionsBegunWith(tx, names, reason);
  }

  /**
   * Ends these sessions of the user, or all but the one that asks where `ids` is null; gives the ids of those that
   * stood. Refuses with NOT_FOUND if one is not the user's: the caller's transaction must then end nothing.
   */
  async revokeChosen(
    tx: UnitOfWork,
    { userId, sessionId }: SessionOfUser,
    ids: readonly string[] | null,
    reason: string,
  ): Promise<string[]> {
    const wanted = ids && [...new Set(ids)];
    const done = await revokeOwn(tx, userId, wanted, wanted ? null : sessionId, reason);
    if (wanted && done?.owned !== wanted.length) throw new Refusal('NOT_FOUND');
    return done?.ended ?? [];
  }

  /** The sessions that stand, newest first, at most 50. */
  list(userId: string): Promise<Session[]> {
    return listStanding(this.database, userId, this.idleSeconds, LISTED_MAX);
  }

  /** Removes what has been over for a day; says how many, at most 100 at a time. */
  sweep(): Promise<number> {
    return sweepSessions(this.database);
  }

  private get idleSeconds(): number {
    return this.settings.sessionIdleMinutes * 60;
  }

  private refreshableUntil(session: Session): Date {
    const idleEnd = after(session.lastUsedAt, minutes(this.settings.sessionIdleMinutes));
    return idleEnd < session.expiresAt ? idleEnd : session.expiresAt;
  }
}
