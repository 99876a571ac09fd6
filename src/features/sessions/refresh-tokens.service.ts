import { Refusal } from '../../kernel';
import { sha256, type Database, type Keyring, type UnitOfWork } from '../../platform';
import { findUsed, rotate, type HeldSession, type UsedToken } from './refresh-tokens.store';
import type { OpenSession, TokenHolder } from './session';
import type { SessionSettings } from './sessions.config';
import { revokeSession } from './sessions.store';

/** A lost reply may be asked for again that long, while what it carried was not used. */
export const RETRY_SECONDS = 30;

/**
 * A refresh token came back after it had been exchanged: two parties hold the chain. Runs in the transaction
 * that ends it.
 */
export type OnReuse = (tx: UnitOfWork, reuse: { sessionId: string; userId: string }) => Promise<void>;

/**
 * The token that follows a presented one. Derived, not drawn: a repeat of a call whose reply was lost gets
 * the same token, though only hashes are stored.
 */
export const refreshTokenAfter = (keyring: Keyring, presented: string, keyVersion: string): string =>
  keyring.mac('token', ['refresh', presented], keyVersion).toString('base64url');

/**
 * The chain of refresh tokens of a session: each is used once, and the use of an old one ends the session.
 */
export class RefreshTokens {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly settings: SessionSettings,
    private readonly onReuse: OnReuse,
  ) {}

  /** Exchanges the token for its child. Refuses with INVALID_TOKEN. */
  async exchange(presented: string): Promise<{ session: OpenSession; holder: TokenHolder }> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(presented)) throw new Refusal('INVALID_TOKEN', {}, 'no refresh token');
    const presentedHash = sha256(presented);
    const keyVersion = this.keyring.version;
    const child = refreshTokenAfter(this.keyring, presented, keyVersion);
    const idleSeconds = this.settings.sessionIdleMinutes * 60;
    const session = await rotate(this.database, {
      presentedHash,
      childHash: sha256(child),
      keyVersion,
      idleSeconds,
    });
    if (session) return exchanged(session, child);
    const used = await findUsed(this.database, presentedHash, idleSeconds, RETRY_SECONDS);
    return this.again(presented, used);
  }

  private async again(presented: string, used: UsedToken | undefined) {
    if (!used)
      throw new Refusal('INVALID_TOKEN', {}, 'refresh token unknown, or its session or user stands no more');
    if (!used.isRetry) {
      await this.endFamily(used);
      throw new Refusal('INVALID_TOKEN', {}, 'refresh token reuse');
    }
    if (!used.maySucceed || !this.keyring.has(used.keyVersion)) {
      throw new Refusal('INVALID_TOKEN', {}, 'the session or user stands no more');
    }
    return exchanged(used, refreshTokenAfter(this.keyring, presented, used.keyVersion));
  }

  private async endFamily(session: HeldSession): Promise<void> {
    await this.database.transaction(async (tx) => {
      const ended = await revokeSession(tx, session.id, 'refresh token reuse', null);
      if (ended > 0) await this.onReuse(tx, { sessionId: session.id, userId: session.userId });
    });
  }
}

const exchanged = ({ roles, ...session }: HeldSession, refreshToken: string) => ({
  session: { ...session, refreshToken },
  holder: { id: session.userId, roles },
});
