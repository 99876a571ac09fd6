import type { UserFacingChallengeStatus } from './challenge.graphql';

/** An open or just ended challenge, as the kind of the addressed device sees it. */
export interface DeviceChallenge {
  readonly id: string;
  readonly status: UserFacingChallengeStatus;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** What the driver kept when it issued the challenge. */
  readonly kept: unknown;
}

/** The way up for kinds whose answers come from a device: wired in `app.ts` to the engine and to enrollment. */
export interface DevicePort {
  /**
   * Lets the engine judge a device's answer. Throws Refusal: NOT_FOUND (not this device's), CHALLENGE_CLOSED,
   * INVALID_PROOF. A refusal by the user is no error: the challenge comes back with its new status.
   */
  settle(challengeId: string, factorId: string, proof: unknown): Promise<DeviceChallenge>;
  /** Confirms the enrollment that the pairing token names; gives the new factor's id. Throws Refusal INVALID_TOKEN, INVALID_PROOF. */
  activate(
    pairingToken: string,
    proof: unknown,
  ): Promise<{ readonly factorId: string; readonly userId: string }>;
  /** A challenge of this factor's device in any status. Throws Refusal NOT_FOUND if it is another's. */
  find(challengeId: string, factorId: string): Promise<DeviceChallenge>;
  /** The challenges that wait for this factor's device, oldest first. */
  waiting(factorId: string): Promise<DeviceChallenge[]>;
  /** The device has fetched it: shown to the waiting screen. */
  received(challengeId: string): Promise<void>;
  /** For the look: per factor a text that changes whenever what waits for its device changes. */
  versions(factorIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}
