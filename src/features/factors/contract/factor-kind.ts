import type { z } from 'zod';
import type { Channel, Message } from '../../../delivery';
import type {
  Amr,
  AuthFlowPurpose,
  AuthFlowReason,
  Chance,
  Class,
  ClientContext,
  Clock,
  Config,
  SettingsSlice,
} from '../../../kernel';
import type { Bus, DeviceCaller, Keyring, Log, Sql, UnitOfWork } from '../../../platform';
import type { ChallengeView } from './challenge-view';
import type { Challenge } from './challenge.graphql';
import type { DevicePort } from './device-port';
import type { FactorRef } from './factor-ref';
import type { Portability } from './portability';

/** Facts about a kind that policy, sessions and the engine rely on. */
export interface FactorTraits {
  /** What a proof adds to the token's `amr` (RFC 8176). */
  readonly amr: readonly Amr[];
  /** Who gives the answer: the page that holds the flow token, or a registered device. */
  readonly answeredBy: 'client' | 'device';
  readonly isPhishingResistant: boolean;
  /** Its proof is a signature over the message of the request: what was shown is what was approved. */
  readonly signsMessage?: boolean;
  /** Whether answers can be guessed: then every try is charged to the user before it is looked at. */
  readonly isGuessable: boolean;
  readonly limitPerUser: number;
  /** Among a user's factors, the higher is offered first. */
  readonly preference: number;
  /** A challenge of it goes out by a channel. */
  readonly isSent?: boolean;
  /** Never offered before a better one, even where its owner prefers it (NIST SP 800-63B §3.2.9). */
  readonly isRestricted?: boolean;
  /** Only used where the policy names it. */
  readonly isOffByDefault?: boolean;
  /**
   * Stands in for lost factors at one sign-in, which it leads to enrollment and never to a session. It ends by itself, counts
   * as no factor, and a person has allowed it, so that no list of kinds does.
   */
  readonly isTemporary?: boolean;
  /** The field of `ProofInput` that carries the answer; none where a device answers. */
  readonly proofField: 'code' | null;
  /** How often a challenge of this kind may be started per user; both hold since the last success. */
  readonly startLimits: readonly { readonly count: number; readonly perSeconds: number }[];
}

export interface UserRef {
  readonly id: string;
  readonly email: string;
  readonly locale: string | null;
}

/** What a challenge is about: to be shown on a device, and signed by it. */
export interface ChallengeRequest {
  readonly challengeId: string;
  readonly flowId: string;
  readonly purpose: AuthFlowPurpose;
  readonly applicationName: string;
  readonly message: string | null;
  /** Digits of a number to be typed on a device. */
  readonly numberDigits: number;
  /** The user's language. */
  readonly locale: string | null;
  readonly context: ClientContext;
}

/** What the engine keeps (sealed) until the answer, what it sends after commit, and how long the question stands. */
export interface Issued {
  readonly lifeSeconds: number;
  /** Null: cannot be asked for again. */
  readonly resendAfterSeconds: number | null;
  readonly kept?: unknown;
  /** Masked destination. */
  readonly sentTo?: string;
  /** Enrollment only: a secret by which a device finds this enrollment; only its hash is stored. */
  readonly pairingToken?: string;
  readonly send?: readonly Message[];
}

export type Verdict =
  | {
      readonly accepted: true;
      /** Overrides the traits, where one proof says more than another. */
      readonly amr?: readonly Amr[];
      /** When activated: the masked hint and the default label of the new factor. */
      readonly hint?: string;
      readonly label?: string;
      /** In the same transaction, after `consume`: what the audit log should know of it. Never a secret. */
      detail?(tx: UnitOfWork): Promise<string>;
      /** One conditional statement that uses the proof up; false: it was used already, and the proof is refused. */
      consume?(tx: UnitOfWork): Promise<boolean>;
    }
  | {
      readonly accepted: false;
      /** For the audit log, never for the client. */
      readonly why: string;
      /** The answer closes the challenge with this reason; without it the challenge stays open. */
      readonly ends?: Extract<AuthFlowReason, 'NUMBER_MISMATCH' | 'USER_DENIED' | 'USER_REPORTED'>;
    };

/** What a kind does. `now` is the database's clock at the claim. */
export interface FactorDriver<Proof = unknown> {
  enroll(user: UserRef, input: EnrollmentInput): Promise<Issued>;
  /** The factor has no row yet; `consume` adds the rows of this kind in the transaction that makes it. */
  activate(factor: FactorRef, kept: unknown, proof: Proof, now: Date): Promise<Verdict>;
  issue(factor: FactorRef, request: ChallengeRequest): Promise<Issued>;
  /** May be slow: no transaction is open. */
  verify(factor: FactorRef, kept: unknown, proof: Proof, now: Date): Promise<Verdict>;
}

/** What `startEnrollment` was told, for the kinds that need it. */
export interface EnrollmentInput {
  readonly label: string | null;
  readonly phoneNumber: string | null;
  /** ISO 3166 code, for national numbers. */
  readonly defaultCountry: string | null;
  readonly email: string | null;
  readonly context: ClientContext;
}

/** An address to be proven that belongs to no factor: at sign-up, at a reset, at a change of address. */
export interface AddressRequest {
  readonly email: string;
  readonly purpose: AuthFlowPurpose;
  readonly locale: string | null;
  /**
   * Instead of a code the message says that the address has an account already, or has none. What the page sees is the
   * same, and no answer is right.
   */
  readonly decoy: 'ACCOUNT_EXISTS' | 'NO_ACCOUNT' | null;
}

/** Proves an address by a code sent to it. */
export interface AddressProver<Proof = unknown> {
  issue(request: AddressRequest): Promise<Issued>;
  verify(kept: unknown, proof: Proof, now: Date): Promise<Verdict>;
}

/** Codes that exist only until they were shown. */
export interface PreparedCodes {
  readonly codes: readonly string[];
}

/** A set of codes that stands for one factor: made all at once, shown once. */
export interface CodeSets {
  /** Makes so many codes and hashes them; slow, so outside of any transaction. */
  prepare(count: number): Promise<PreparedCodes>;
  store(tx: UnitOfWork, factorId: string, prepared: PreparedCodes): Promise<void>;
  remaining(factorId: string): Promise<number>;
}

/** A code that takes the place of lost factors. */
export interface TemporaryCodeMaker {
  /** Makes a code of so many groups of four signs for the factor, and keeps only its hash. Gives it as it is shown. */
  make(tx: UnitOfWork, factorId: string, groups: number): Promise<string>;
}

/** Where a user can be told something, proven to be theirs. */
export interface Address {
  readonly channel: Exclude<Channel, 'push'>;
  readonly to: string;
}

/** Counts a use before it costs anything, and gives how many there are; RATE_LIMITED once a window is full. Committed at once. */
export type ChargeUse = (
  rule: { readonly name: string; readonly count: number; readonly perSeconds: number },
  subject: string,
) => Promise<number>;

/** A pending enrollment as its setup type is made from it. */
export interface EnrollmentView {
  readonly id: string;
  readonly user: UserRef;
  readonly kept: unknown;
  /** Masked destination of the code that was sent. */
  readonly sentTo: string | null;
  readonly resendableAt: Date | null;
}

export interface FactorDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly keyring: Keyring;
  readonly sql: Sql;
  readonly bus: Bus;
  readonly log: Log;
  readonly publicUrl: string;
  /** The name shown to users: `GATEWAY_NAME`. */
  readonly gatewayName: string;
  readonly devices: DevicePort;
  readonly chargeUse: ChargeUse;
}

/** A kind at work in one app. */
export interface FactorKindAtWork<Proof = unknown> {
  readonly driver: FactorDriver<Proof>;
  /** False: switched off by the settings; its factors are not offered, and none can be added. */
  readonly isEnabled?: boolean;
  /** Instances of the module's resolver classes. */
  readonly resolvers: readonly object[];
  /** `Authorization: Device <JWS>`, for the kinds whose devices call the gateway; throws UNAUTHENTICATED. */
  authenticateDevice?(jws: string): Promise<DeviceCaller>;
  /** Whether a device accepted earlier may still be served. */
  isDeviceStanding?(device: DeviceCaller): Promise<boolean>;
  /** By how much the clock of the user's app was off at its last use, for the kinds that have one. */
  clockDriftSeconds?(factorId: string): Promise<number | null>;
  /** Two answers in a row, for an app whose clock is far off. */
  resync?(factor: FactorRef, codes: readonly [first: string, second: string]): Promise<Verdict>;
  /** Only the kind BACKUP_CODE makes sets. */
  readonly codeSets?: CodeSets;
  /** Only the kind TEMPORARY_CODE makes them. */
  readonly temporaryCodes?: TemporaryCodeMaker;
  /** Only the kind EMAIL proves addresses. */
  readonly addresses?: AddressProver<Proof>;
  /** In the transaction that removes a factor: what else of it must end, such as a device. */
  removed?(tx: UnitOfWork, factorId: string): Promise<void>;
  /** Where the user can be told something by this kind's factors. Asked inside a transaction: only through `sql`. */
  reach?(sql: Sql, userId: string): Promise<readonly Address[]>;
  /** The provider says that this destination (`Message.to`) exists no more. */
  unreachable?(to: string): Promise<void>;
  /** A message of a challenge that was answered rightly: for kinds that watch whether their codes are used. */
  used?(tx: UnitOfWork, challengeKept: unknown): Promise<void>;
  /** How its factors come from other systems and leave for them. A kind without it is left out of both. */
  readonly portability?: Portability;
  /** Removes rows that only time has made useless; says how many. */
  sweep?(): Promise<number>;
}

/** A kind of factor: the only export of its folder besides its resolver-facing types. */
export interface FactorKindModule<Kind extends string = string, Proof = unknown> {
  readonly kind: Kind;
  /** One sentence for the schema's enum. */
  readonly description: string;
  readonly traits: FactorTraits;
  readonly settings: readonly SettingsSlice[];
  /** Parsed before the claim: malformed input costs no attempt. */
  readonly proof: z.ZodType<Proof>;
  readonly entities: readonly Class[];
  readonly migrations: readonly Class[];
  readonly graphql: {
    /** The type that asks the question, made from the open challenge. */
    challenge(view: ChallengeView): Challenge;
    /** The type that shows what to enroll; part of the union `EnrollmentSetup`. None: not enrolled by users. */
    readonly setupType?: Class;
    setup?(view: EnrollmentView): object;
    readonly resolvers: readonly Class[];
    readonly orphanedTypes: readonly Class[];
  };
  create(deps: FactorDeps): FactorKindAtWork<Proof>;
}

export const defineFactorKind = <const Kind extends string, Proof>(
  module: FactorKindModule<Kind, Proof>,
): FactorKindModule<Kind, Proof> => module;
