import { Arg, Field, ObjectType } from 'type-graphql';
import {
  Challenge,
  QrCodeFormat,
  challengeFields,
  qrCodeDataUri,
  type ChallengeView,
  type EnrollmentView,
} from '../../contract';
import { keptApproval } from './approval';
import { keptPairing, pairingUri } from './pairing';

@ObjectType('PushChallenge', {
  implements: Challenge,
  description: 'Wait for a phone. Show the number, the device name and a countdown.',
})
export class PushChallenge extends Challenge {
  @Field(() => String, {
    nullable: true,
    description: 'Name of the device that was asked, for example `Pixel 9`.',
  })
  sentTo!: string | null;

  @Field(() => String, {
    description: 'Show this big: the user must type it on the phone. Never in the push message itself.',
  })
  numberToMatch!: string;

  static from(view: ChallengeView): PushChallenge {
    return Object.assign(new PushChallenge(), challengeFields(view), {
      sentTo: view.sentTo,
      numberToMatch: keptApproval.parse(view.kept).number,
    });
  }
}

@ObjectType('PushSetup', {
  description:
    'Show the QR code; the app on the phone scans it and calls `registerDevice`. ' +
    'Wait on the `enrollment` subscription.',
})
export class PushSetup {
  @Field(() => String, { description: 'Deep link with the pairing token.' })
  uri!: string;

  @Field(() => String)
  qrCode(
    @Arg('format', () => QrCodeFormat, { defaultValue: QrCodeFormat.SVG }) format: QrCodeFormat,
  ): Promise<string> {
    return qrCodeDataUri(this.uri, format);
  }

  static from(view: EnrollmentView): PushSetup {
    return Object.assign(new PushSetup(), { uri: pairingUri(keptPairing.parse(view.kept)) });
  }
}
