import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { DateTime, JsonObject, Payload } from '../../../../platform';
import { DevicePlatform } from './registration';

registerEnumType(DevicePlatform, {
  name: 'DevicePlatform',
  description: 'Decides how push messages are sent: APNs, FCM or Web Push.',
});

/** A row of the table `device`, as the API type needs it. */
interface DeviceFacts {
  readonly id: string;
  readonly name: string;
  readonly platform: DevicePlatform;
  readonly model: string | null;
  readonly appVersion: string | null;
  readonly thumbprint: string;
  readonly registeredAt: Date;
  readonly lastSeenAt: Date | null;
}

@ObjectType('Device', {
  description: 'A phone or browser that approves push challenges with a private key that never leaves it.',
})
export class Device {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => DevicePlatform)
  platform!: DevicePlatform;

  @Field(() => String, { nullable: true })
  model!: string | null;

  @Field(() => String, { nullable: true })
  appVersion!: string | null;

  @Field(() => String, { description: 'RFC 7638 thumbprint of the registered key.' })
  keyThumbprint!: string;

  @Field(() => DateTime)
  registeredAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastSeenAt!: Date | null;

  static from(row: DeviceFacts): Device {
    return Object.assign(new Device(), {
      id: row.id,
      name: row.name,
      platform: row.platform,
      model: row.model,
      appVersion: row.appVersion,
      keyThumbprint: row.thumbprint,
      registeredAt: row.registeredAt,
      lastSeenAt: row.lastSeenAt,
    });
  }
}

@ObjectType('DevicePayload', { implements: Payload })
export class DevicePayload extends Payload {
  @Field(() => Device, { nullable: true })
  device: Device | null = null;
}

@InputType('RegisterDeviceInput')
export class RegisterDeviceInput {
  @Field(() => String, { description: 'From the QR code.' })
  pairingToken!: string;

  @Field(() => JsonObject, { description: 'JWK of an ES256 or EdDSA key made on the device.' })
  publicKey!: object;

  @Field(() => String, {
    description:
      'Compact JWS by that key: header `typ: device-registration+jwt`, payload ' +
      '`{ pairingToken, aud, iat }`. Proof of possession.',
  })
  proof!: string;

  @Field(() => DevicePlatform)
  platform!: DevicePlatform;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  model?: string | null;

  @Field(() => String, { nullable: true })
  appVersion?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'FCM or APNs token, or a Web Push subscription as JSON. Null: the device fetches its approvals itself.',
  })
  pushToken?: string | null;
}

@InputType('UpdateDeviceInput')
export class UpdateDeviceInput {
  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true })
  appVersion?: string | null;

  @Field(() => String, { nullable: true })
  pushToken?: string | null;
}
