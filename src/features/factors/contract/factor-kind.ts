import type { z } from 'zod';
import type { Message } from '../../../delivery';
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

/** Facts about a kind that policy, sessions and the engine rely on. */
export interface FactorTraits {
  /** What a proof adds to the token's `amr` (RFC 8176). */
  readonly amr: readonly Amr[];
  /** Who gives the answer: the page that holds the flow token, or a registered device. */
  readonly answeredBy: 'client' | 'device';
  readonly isPhishingResistant: boolean;
  /** Whether answers can be guessed: then every try is charged to the user before it is looked at. */
  readonly isGuessable: boolean;
  readonly limitPerUser: number;
  /** Among a user's factors, the higher is offered first. */
  readonly preference: number;
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

export interface FactorRef {
  readonly id: string;
  readonly userId: string;
  readonly label: string | null;
}

/** What a challenge is about: to be shown on a device, and signed by it. */
export interface ChallengeRequest {
  readonly challengeId: string;
  readonly purpose: AuthFlowPurpose;
  readonly applicationName: string;
  readonly message: string | null;
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
}

/** A pending enrollment as its setup type is made from it. */
export interface EnrollmentView {
  readonly id: string;
  readonly user: UserRef;
  readonly kept: unknown;
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
}

/** A kind at work in one app. */
export interface FactorKindAtWork<Proof = unknown> {
  readonly driver: FactorDriver<Proof>;
  /** Instances of the module's resolver classes. */
  readonly resolvers: readonly object[];
  /** `Authorization: Device <JWS>`, for the kinds whose devices call the gateway; throws UNAUTHENTICATED. */
  authenticateDevice?(jws: string): Promise<DeviceCaller>;
  /** Whether a device accepted earlier may still be served. */
  isDeviceStanding?(device: DeviceCaller): Promise<boolean>;
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
    /** The type that shows what to enroll; part of the union `EnrollmentSetup`. */
    readonly setupType: Class;
    setup(view: EnrollmentView): object;
    readonly resolvers: readonly Class[];
    readonly orphanedTypes: readonly Class[];
  };
  create(deps: FactorDeps): FactorKindAtWork<Proof>;
}

export const defineFactorKind = <const Kind extends string, Proof>(
  module: FactorKindModule<Kind, Proof>,
): FactorKindModule<Kind, Proof> => module;
