import { Field, Int, ObjectType } from 'type-graphql';
import { AssuranceLevel } from '../../kernel';
import { AuditEvent } from '../events';
import { factorKindEnum } from '../factors';
import { MfaRequirement, RiskSignal } from '../policy';
import type { Judgement, Replay } from './policy-trials.service';
import type { Impact } from './policy-impact';
import { explained } from './policy-standing';

@ObjectType('PolicyDecision', { description: 'What the policy would say.' })
export class PolicyDecision {
  @Field(() => MfaRequirement)
  requirement!: MfaRequirement;

  @Field(() => AssuranceLevel)
  requiredAssurance!: AssuranceLevel;

  @Field(() => [factorKindEnum])
  allowedKinds!: readonly string[];

  @Field(() => [RiskSignal])
  signals!: readonly RiskSignal[];

  @Field(() => Boolean)
  isBlocked!: boolean;

  @Field(() => [String], {
    description: 'In words, for the administrator: what was found, and last what comes of it.',
  })
  explanation!: readonly string[];

  static from({ decision, standing }: Judgement): PolicyDecision {
    return Object.assign(new PolicyDecision(), {
      requirement: decision.requirement,
      requiredAssurance: decision.requiredAssurance,
      allowedKinds: decision.allowedKinds,
      signals: decision.signals,
      isBlocked: decision.isBlocked,
      explanation: explained(decision, standing),
    });
  }
}

@ObjectType('PolicyImpact', {
  description:
    'Whom a change of the policy would hit, on a plain sign-in: nothing unusual, the default application. Users who are locked do not count.',
})
export class PolicyImpact {
  @Field(() => Int, { description: 'Users who would be asked for a factor and are not today.' })
  affectedCount!: number;

  @Field(() => Int, { description: 'Users who could not sign in any more without enrolling.' })
  lockedOutCount!: number;

  @Field(() => Int, { description: 'Users without a factor whose time to enroll would still run.' })
  inGraceCount!: number;

  @Field(() => Int, { description: 'Service accounts that would be left out.' })
  excludedCount!: number;

  // What the list of users is made from.
  impact!: Impact;

  static from(impact: Impact): PolicyImpact {
    return Object.assign(new PolicyImpact(), {
      affectedCount: impact.affectedCount,
      lockedOutCount: impact.lockedOutCount,
      inGraceCount: impact.inGraceCount,
      excludedCount: impact.excludedCount,
      impact,
    });
  }
}

@ObjectType('PolicyReplayEntry')
export class PolicyReplayEntry {
  @Field(() => AuditEvent)
  event!: AuditEvent;

  @Field(() => PolicyDecision, { description: 'Under the policy that was in force then.' })
  before!: PolicyDecision;

  @Field(() => PolicyDecision, { description: 'Under the changed policy.' })
  after!: PolicyDecision;
}

@ObjectType('PolicyReplay', {
  description: 'What past sign-ins would have met under a changed policy. The newest 5,000 are looked at.',
})
export class PolicyReplay {
  @Field(() => Int)
  signInCount!: number;

  @Field(() => Int)
  changedCount!: number;

  @Field(() => [PolicyReplayEntry], { description: 'Newest first.' })
  changed!: readonly PolicyReplayEntry[];

  static from({ signInCount, changedCount, changed }: Replay): PolicyReplay {
    return Object.assign(new PolicyReplay(), {
      signInCount,
      changedCount,
      changed: changed.map(({ event, before, after }) =>
        Object.assign(new PolicyReplayEntry(), {
          event: AuditEvent.from(event),
          before: PolicyDecision.from(before),
          after: PolicyDecision.from(after),
        }),
      ),
    });
  }
}
