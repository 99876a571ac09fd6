import {
  assuranceOf,
  methodsOf,
  type Amr,
  type AssuranceLevel,
  type ClientContext,
  type Proven,
  type Role,
} from '../../kernel';

/** What was proven, how strong that is, and when. The four belong together: one token carries them. */
export interface Authentication {
  readonly proofs: readonly Proven[];
  readonly assurance: AssuranceLevel;
  readonly methods: readonly Amr[];
  readonly authenticatedAt: Date;
}

/** A signed-in browser or app. */
export interface Session extends Authentication {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly applicationName: string | null;
  readonly knownDeviceId: string | null;
  readonly context: ClientContext;
  readonly createdAt: Date;
  /** When its tokens were last handed out. */
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
}

/** A session together with the secret that continues it; handed out, never stored. */
export interface OpenSession extends Session {
  /** Null for a step-up, which leaves the session's refresh token as it is. */
  readonly refreshToken: string | null;
  /** What a step-up was for; its tokens say so, and no others. */
  readonly transaction?: Transaction | undefined;
}

/** What was approved. */
export interface Transaction {
  readonly action: string | null;
  /** Only where the proof was a signature over this very text. */
  readonly message: string | null;
}

export interface TokenHolder {
  readonly id: string;
  readonly roles: readonly Role[];
}

/** The tokens of one reply. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Date;
  readonly refreshToken: string | null;
  readonly refreshTokenExpiresAt: Date | null;
  readonly deviceToken: string | null;
  readonly session: Session;
}

/**
 * What a session brings along into a step-up: its first factor and nothing else. A passkey of this morning is
 * one of the two factors, but does not make a code of now phishing-resistant.
 */
export const carriedProofs = (session: Pick<Session, 'proofs'>): Proven[] =>
  session.proofs.slice(0, 1).map((first) => ({ ...first, isPhishingResistant: false }));

/** What a step-up proves: as much as what the session brings along and the fresh proofs reach together. */
export function steppedUp(
  session: Pick<Session, 'proofs'>,
  fresh: readonly Proven[],
  at: Date,
): Authentication {
  const carried = carriedProofs(session).filter((first) => !fresh.some((proof) => proof.by === first.by));
  const proofs = [...carried, ...fresh];
  return { proofs, assurance: assuranceOf(proofs), methods: methodsOf(proofs), authenticatedAt: at };
}
