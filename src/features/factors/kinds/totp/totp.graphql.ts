import { Arg, Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import type { Sql } from '../../../../platform';
import { Factor, QrCodeFormat, qrCodeDataUri, type EnrollmentView } from '../../contract';
import { TOTP, inGroups, otpauthUri } from './totp';
import type { KeptSecret } from './totp.driver';
import { readDrift } from './totp.store';

@ObjectType('TotpSetup', {
  description: 'Show the QR code and, below it, the key for typing by hand; then ask for a code.',
})
export class TotpSetup {
  @Field(() => String, { description: '`otpauth://totp/...`: also a link to tap on a phone.' })
  uri!: string;

  @Field(() => String, { description: 'Base32, in groups of four.' })
  secret!: string;

  @Field(() => String)
  issuer!: string;

  @Field(() => String)
  accountName!: string;

  @Field(() => Int)
  digits: number = TOTP.digits;

  @Field(() => Int)
  periodSeconds: number = TOTP.periodSeconds;

  static from(view: EnrollmentView): TotpSetup {
    const { secret, issuer, accountName } = view.kept as KeptSecret;
    return Object.assign(new TotpSetup(), {
      uri: otpauthUri(secret, issuer, accountName),
      secret: inGroups(secret),
      issuer,
      accountName,
    });
  }
}

@Resolver(() => TotpSetup)
export class TotpSetupResolver {
  @FieldResolver(() => String, { description: 'Data URI, for `<img src>`. Drawn only if asked for.' })
  qrCode(
    @Root() setup: TotpSetup,
    @Arg('format', () => QrCodeFormat, { defaultValue: QrCodeFormat.SVG }) format: QrCodeFormat,
  ): Promise<string> {
    return qrCodeDataUri(setup.uri, format);
  }
}

@Resolver(() => Factor)
export class TotpFactorResolver {
  constructor(private readonly sql: Sql) {}

  @FieldResolver(() => Int, {
    nullable: true,
    description:
      "For TOTP: by how much the app's clock was off at its last use; negative: slow. Only for its owner, signed in.",
  })
  clockDriftSeconds(@Root() factor: Factor): Promise<number | null> | null {
    return factor.kind === 'TOTP' && factor.isShownToOwner ? readDrift(this.sql, factor.id) : null;
  }
}
