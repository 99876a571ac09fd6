import { SignJWT, jwtVerify, type CompactJWSHeaderParameters, type CryptoKey } from 'jose';
import { z } from 'zod';
import {
  AssuranceLevel,
  RequestFault,
  acrOf,
  after,
  levelOfAcr,
  seconds,
  unixSeconds,
  type Chance,
  type Clock,
} from '../../kernel';
import type { OpenSession, TokenHolder, Transaction } from './session';
import { sha256 } from '../../platform';
import type { SessionSettings } from './sessions.config';
import type { SigningKeys } from './signing-keys.service';

const SKEW_SECONDS = 30;
const LENGTH_MAX = 4096;
const TYPE = 'at+jwt';

/** What a verified access token says. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly assurance: AssuranceLevel;
  readonly methods: readonly string[];
  readonly authenticatedAt: Date;
  readonly expiresAt: Date;
}

const instant = z
  .number()
  .int()
  .transform((count) => new Date(seconds(count)));
const claims = z.object({
  sub: z.string(),
  sid: z.string(),
  client_id: z.string(),
  iat: instant,
  exp: instant,
  jti: z.string(),
  auth_time: instant,
  acr: z.string().transform(levelOfAcr).pipe(z.enum(AssuranceLevel)),
  amr: z.array(z.string()),
});

/** Signs and verifies access tokens: JWTs of RFC 9068, ES256 and nothing else. */
export class AccessTokens {
  readonly audience: string;

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly chance: Chance,
    readonly issuer: string,
    private readonly settings: Pick<SessionSettings, 'tokenAudience' | 'accessTokenSeconds'>,
  ) {
    this.audience = settings.tokenAudience ?? issuer;
  }

  async issue(
    session: Omit<OpenSession, 'refreshToken'>,
    holder: TokenHolder,
  ): Promise<{ accessToken: string; expiresAt: Date }> {
    const { kid, privateKey } = await this.keys.signer();
    const now = this.clock.now();
    const full = after(now, seconds(this.settings.accessTokenSeconds));
    const expiresAt = full < session.expiresAt ? full : session.expiresAt;
    const accessToken = await new SignJWT({
      client_id: session.clientId,
      sid: session.id,
      auth_time: unixSeconds(session.authenticatedAt),
      acr: acrOf(session.assurance),
      amr: [...session.methods],
      roles: [...holder.roles],
      ...transactionClaims(session.transaction),
    })
      .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid })
      .setIssuer(this.issuer)
      .setAudience(this.audience)
      .setSubject(holder.id)
      .setJti(this.chance.bytes(16).toString('base64url'))
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { accessToken, expiresAt };
  }

  /** Throws RequestFault: UNAUTHENTICATED, or SERVICE_UNAVAILABLE where the keys cannot be read. */
  async verify(token: string): Promise<AccessClaims> {
    if (token.length > LENGTH_MAX) throw refused('too long');
    try {
      const { payload } = await jwtVerify(token, (header) => this.keyOf(header), {
        algorithms: ['ES256'],
        issuer: this.issuer,
        audience: this.audience,
        clockTolerance: SKEW_SECONDS,
        currentDate: this.clock.now(),
      });
      const said = claims.parse(payload);
      return {
        userId: said.sub,
        sessionId: said.sid,
        clientId: said.client_id,
        assurance: said.acr,
        methods: said.amr,
        authenticatedAt: said.auth_time,
        expiresAt: said.exp,
      };
    } catch (error) {
      if (error instanceof RequestFault) throw error;
      throw refused(error instanceof Error ? error.message : 'no token');
    }
  }

  /**
   * The header names a key of ours, and holds nothing by which a token could bring its own (RFC 8725 §3.10).
   */
  private async keyOf(header: CompactJWSHeaderParameters): Promise<CryptoKey> {
    const isPlain = Object.keys(header).every((name) => name === 'alg' || name === 'typ' || name === 'kid');
    if (!isPlain || header.typ !== TYPE) throw refused('header');
    const key = /^[A-Za-z0-9_-]{1,64}$/.test(header.kid ?? '')
      ? await this.keys.verifier(header.kid ?? '')
      : undefined;
    if (!key) throw refused('unknown key');
    return key;
  }
}

/** `txn_hash` is the base64url SHA-256 of the message in UTF-8, as the phone signed it. */
const transactionClaims = (transaction: Transaction | undefined): Record<string, string> => {
  const { action = null, message = null } = transaction ?? {};
  return {
    ...(action === null ? {} : { txn_action: action }),
    ...(message === null ? {} : { txn_message: message, txn_hash: sha256(message).toString('base64url') }),
  };
};

const refused = (why: string): RequestFault =>
  new RequestFault('UNAUTHENTICATED', undefined, `access token: ${why}`);
