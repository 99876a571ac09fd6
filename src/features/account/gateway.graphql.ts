import { Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { Url } from '../../platform';
import { factorKindEnum } from '../factors';
import type { Policies } from '../policy';
import { PASSWORD_MAX } from '../users';

export interface GatewayFacts {
  readonly name: string;
  readonly version: string;
  readonly publicUrl: string;
  readonly isSignUpAllowed: boolean;
  readonly passwordMinimumLength: number;
  readonly supportUrl: string | null;
  readonly enabledKinds: readonly string[];
  readonly webPushPublicKey: string | null;
}

@ObjectType('Gateway', { description: 'What a login page or a service needs to know beforehand. Public.' })
export class Gateway {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  version!: string;

  @Field(() => Url, { description: 'The `iss` claim.' })
  issuer!: string;

  @Field(() => Url, {
    description: 'Public keys (JWK Set). Also found through `/.well-known/openid-configuration`.',
  })
  jwksUri!: string;

  @Field(() => Url, { description: 'Where subscriptions go (graphql-ws).' })
  subscriptionUrl!: string;

  @Field(() => [factorKindEnum], {
    description: 'Factor kinds that are switched on and allowed by the policy.',
  })
  enabledKinds!: readonly string[];

  @Field(() => Boolean)
  isSignUpAllowed!: boolean;

  @Field(() => Int)
  passwordMinimumLength!: number;

  @Field(() => Int)
  passwordMaximumLength: number = PASSWORD_MAX;

  @Field(() => String, { nullable: true, description: 'VAPID key for devices of platform WEB.' })
  webPushPublicKey!: string | null;

  @Field(() => Url, { nullable: true })
  supportUrl!: string | null;
}

@Resolver()
export class GatewayResolver {
  private readonly shown: Gateway;
  private readonly enabledKinds: readonly string[];

  constructor(
    facts: GatewayFacts,
    private readonly policies: Policies,
  ) {
    this.shown = Object.assign(new Gateway(), {
      name: facts.name,
      version: facts.version,
      issuer: facts.publicUrl,
      jwksUri: `${facts.publicUrl}/.well-known/jwks.json`,
      subscriptionUrl: `${facts.publicUrl.replace(/^http/, 'ws')}/graphql`,
      isSignUpAllowed: facts.isSignUpAllowed,
      passwordMinimumLength: facts.passwordMinimumLength,
      webPushPublicKey: facts.webPushPublicKey,
      supportUrl: facts.supportUrl,
    });
    this.enabledKinds = facts.enabledKinds;
  }

  @Query(() => Gateway, { description: 'Public facts about this gateway. **Anyone.**' })
  async gateway(): Promise<Gateway> {
    const allowed = await this.policies.allowedKinds();
    const enabledKinds = this.enabledKinds.filter((kind) => allowed.includes(kind));
    return Object.assign(new Gateway(), this.shown, { enabledKinds });
  }
}
