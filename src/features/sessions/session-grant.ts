import type { ClientContext, Proven } from '../../kernel';

/** Everything that a session is opened with. */
export interface SessionOpening {
  readonly userId: string;
  readonly clientId: string;
  readonly applicationName: string | null;
  /** In the order given: the first is the first factor. */
  readonly proofs: readonly Proven[];
  readonly flowId: string;
  /**
   * As presented; the first refresh token is derived from it, so that a repeat of the call gives the same
   * one.
   */
  readonly flowToken: string;
  readonly knownDeviceId: string | null;
  /** The session ends then at the latest. Null: by its own limits. */
  readonly endsBy: Date | null;
  readonly context: ClientContext;
}

/** The right to open one session. Only `auth-flow` makes it, of a flow that needs nothing more. */
export class SessionGrant {
  private constructor(readonly opening: SessionOpening) {}

  static of(opening: SessionOpening): SessionGrant {
    if (opening.proofs.length === 0) throw new Error('a session needs at least one proof');
    return new SessionGrant(opening);
  }
}
