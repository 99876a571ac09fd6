import { Field, Int, ObjectType } from 'type-graphql';
import { DateTime } from '../../../platform';
import type { EnrollmentView } from './factor-kind';
import type { KeptCode } from './sent-code';

@ObjectType('CodeSetup', { description: 'A code was sent to the new phone or address: ask for it.' })
export class CodeSetup {
  @Field(() => String)
  sentTo!: string;

  @Field(() => Int)
  codeLength!: number;

  @Field(() => DateTime, { nullable: true })
  resendableAt!: Date | null;

  static from(view: EnrollmentView): CodeSetup {
    return Object.assign(new CodeSetup(), {
      sentTo: view.sentTo ?? '',
      codeLength: (view.kept as KeptCode).digits,
      resendableAt: view.resendableAt,
    });
  }
}
