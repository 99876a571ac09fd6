import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import { z } from 'zod';
import { AssuranceLevel, Refusal, type ClientContext } from '../../kernel';
import { DateTime, Payload, opaqueToken, parseInput, payload, type RequestContext } from '../../platform';
import { ClientContextType } from '../factors/contract';
import type { IssuedTokens, Session } from './session';
import type { Sessions } from './sessions.service';
import { deliver, dropRefreshToken, presentedRefreshToken } from './token-cookies';

@ObjectType('Session', { description: 'A signed-in browser or app.' })
export class SessionType {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean)
  isCurrent!: boolean;

  @Field(() => AssuranceLevel)
  assurance!: AssuranceLevel;

  @Field(() => [String], {
    description: 'RFC 8176 values, for example `["pwd", "otp", "mfa"]`; the token\'s `amr` claim.',
  })
  methods!: readonly string[];

  @Field(() => DateTime)
  authenticatedAt!: Date;

  @Field(() => DateTime)
  lastUsedAt!: Date;

  @Field(() => DateTime)
  expiresAt!: Date;

  @Field(() => String, { nullable: true })
  applicationName!: string | null;

  @Field(() => ClientContextType)
  context!: ClientContext;

  static from(session: Session, currentSessionId: string | undefined): SessionType {
    return Object.assign(new SessionType(), {
      id: session.id,
      isCurrent: session.id === currentSessionId,
      assurance: session.assurance,
      methods: session.methods,
      authenticatedAt: session.authenticatedAt,
      lastUsedAt: session.lastUsedAt,
      expiresAt: session.expiresAt,
      applicationName: session.applicationName,
      context: session.context,
    });
  }
}

@ObjectType('Tokens', { description: 'Handed out once, when a flow completes or tokens are refreshed.' })
export class TokensType {
  @Field(() => String, {
    description: 'A JWT for back-end services. Verify it with the keys at `gateway.jwksUri`.',
  })
  accessToken!: string;

  @Field(() => DateTime)
  accessTokenExpiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: "Null in cookie mode, and for a step-up, which keeps the session's refresh token.",
  })
  refreshToken!: string | null;

  @Field(() => DateTime, { nullable: true })
  refreshTokenExpiresAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Names this browser or app: keep it and send it in the next `signIn`. It makes the device a known one, and ' +
      'spares the second factor\nwhile it is remembered. Null in cookie mode.',
  })
  deviceToken!: string | null;

  @Field(() => SessionType)
  session!: SessionType;

  /** Puts refresh and device token into cookies where the caller asked for that. */
  static from(issued: IssuedTokens, context: Pick<RequestContext, 'cookies'>): TokensType {
    const shown = deliver(issued, context);
    return Object.assign(new TokensType(), {
      accessToken: shown.accessToken,
      accessTokenExpiresAt: shown.accessTokenExpiresAt,
      refreshToken: shown.refreshToken,
      refreshTokenExpiresAt: shown.refreshTokenExpiresAt,
      deviceToken: shown.deviceToken,
      session: SessionType.from(shown.session, shown.session.id),
    });
  }
}

@ObjectType('TokensPayload', { implements: Payload })
export class TokensPayload extends Payload {
  @Field(() => TokensType, { nullable: true })
  tokens: TokensType | null = null;
}

@InputType('RefreshTokensInput')
export class RefreshTokensInput {
  @Field(() => String, { nullable: true, description: 'Not needed in cookie mode.' })
  refreshToken!: string | null;
}

@InputType('SignOutInput')
export class SignOutInput {
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'True: everywhere, also on other browsers and apps.',
  })
  allSessions!: boolean;
}

const refreshInput = z.object({ refreshToken: opaqueToken.optional() });

@Resolver()
export class TokensResolver {
  constructor(private readonly sessions: Sessions) {}

  @Mutation(() => TokensPayload, {
    description: 'New tokens for a refresh token, which can be used once. **Refresh token.**',
  })
  refreshTokens(
    @Arg('input', () => RefreshTokensInput) input: RefreshTokensInput,
    @Ctx() context: RequestContext,
  ): Promise<TokensPayload> {
    return payload(
      TokensPayload,
      async () => {
        const presented = presentedRefreshToken(parseInput(refreshInput, input), context);
        if (presented === undefined) throw new Refusal('INVALID_TOKEN', {}, 'no refresh token was sent');
        return { tokens: TokensType.from(await this.sessions.refresh(presented), context) };
      },
      (refusal) => {
        if (refusal.code === 'INVALID_TOKEN') dropRefreshToken(context);
        return Promise.resolve({});
      },
    );
  }
}
