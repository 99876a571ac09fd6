import {
  Field,
  FieldResolver,
  ID,
  ObjectType,
  Resolver,
  Root,
  createUnionType,
  registerEnumType,
} from 'type-graphql';
import { DateTime } from '../../platform';
import { Factor, factorKindEnum, factorKinds, kindModule, type Factors } from '../factors';
import type { Users } from '../users';
import { EnrollmentStatus, type EnrollmentNow } from './enrollment';
import type { Enrollments } from './enrollments.service';

registerEnumType(EnrollmentStatus, {
  name: 'EnrollmentStatus',
  description: 'Where an enrollment stands.',
  valuesConfig: {
    PENDING: { description: 'Waiting for `confirmEnrollment` or, for push, for the phone.' },
    CONFIRMED: { description: 'Final.' },
    EXPIRED: { description: 'Final.' },
  },
});

const EnrollmentSetup = createUnionType({
  name: 'EnrollmentSetup',
  description: 'What the page must show to enroll a factor.',
  types: () => [...new Set(factorKinds.flatMap((module) => module.graphql.setupType ?? []))] as const,
});

@ObjectType('Enrollment', { description: 'Adding a factor: show `setup`, then confirm.' })
export class Enrollment {
  @Field(() => ID)
  id!: string;

  @Field(() => factorKindEnum)
  kind!: string;

  @Field(() => EnrollmentStatus)
  status!: EnrollmentStatus;

  @Field(() => DateTime)
  expiresAt!: Date;

  @Field(() => DateTime)
  serverTime!: Date;

  /** What the fields `setup` and `factor` are made from, when they are asked for. */
  facts!: EnrollmentNow;

  static from(enrollment: EnrollmentNow): Enrollment {
    return Object.assign(new Enrollment(), {
      id: enrollment.id,
      kind: enrollment.kind,
      status: enrollment.status,
      expiresAt: enrollment.expiresAt,
      serverTime: enrollment.now,
      facts: enrollment,
    });
  }
}

@Resolver(() => Enrollment)
export class EnrollmentFieldsResolver {
  constructor(
    private readonly enrollments: Enrollments,
    private readonly users: Users,
    private readonly factors: Factors,
  ) {}

  @FieldResolver(() => EnrollmentSetup, {
    nullable: true,
    description: 'What the page must show. Null once the enrollment is over.',
  })
  async setup(@Root() { facts }: Enrollment): Promise<object | null> {
    const user = facts.status === 'PENDING' ? await this.users.find(facts.userId) : undefined;
    if (!user) return null;
    const { id, email, locale } = user;
    const { sentTo, resendableAt } = facts;
    const kept = this.enrollments.kept(facts);
    const view = { id: facts.id, user: { id, email, locale }, kept, sentTo, resendableAt };
    return kindModule(facts.kind).graphql.setup?.(view) ?? null;
  }

  @FieldResolver(() => Factor, { nullable: true, description: 'The new factor, once confirmed.' })
  async factor(@Root() { facts }: Enrollment): Promise<Factor | null> {
    if (facts.status !== 'CONFIRMED') return null;
    const factor = await this.factors.find(facts.userId, facts.factorId);
    const { isPhishingResistant } = kindModule(facts.kind).traits;
    // By its token an enrollment shows its factor as an unfinished flow does, without what only the owner may see.
    return factor
      ? Factor.from(factor, { isPhishingResistant, usableFrom: null, isShownToOwner: false })
      : null;
  }
}
