import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Resolver,
  Root,
} from 'type-graphql';
import { z } from 'zod';
import { RequestFault, type ClientContext } from '../../kernel';
import { DateTime, parseInput, payload, presentedId, signedIn, type RequestContext } from '../../platform';
import { ClientContextType } from '../factors';
import type { KnownDevice, KnownDevices } from '../known-devices';
import type { Sessions } from '../sessions';
import type { Accounts } from './account.service';
import type { Profile } from './profile.service';
import { UserPayload, UserType } from './user.graphql';

const DEVICES_MAX = 100;

@ObjectType('KnownDevice', { description: 'A browser or app that has been used to sign in.' })
export class KnownDeviceType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  label!: string;

  @Field(() => Boolean)
  isCurrent!: boolean;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastUsedAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until then it spares the second factor. Null: not remembered.',
  })
  rememberedUntil!: Date | null;

  @Field(() => ClientContextType)
  context!: ClientContext;

  static from(device: KnownDevice, currentId: string | null | undefined): KnownDeviceType {
    return Object.assign(new KnownDeviceType(), {
      id: device.id,
      label: device.label,
      isCurrent: device.id === currentId,
      createdAt: device.createdAt,
      lastUsedAt: device.lastUsedAt,
      rememberedUntil: device.rememberedUntil,
      context: device.context,
    });
  }
}

@InputType('ForgetDevicesInput')
export class ForgetDevicesInput {
  @Field(() => [ID], { nullable: true, description: 'Which ones. Null: all.' })
  deviceIds?: string[] | null;
}

const forgetDevicesInput = z.object({
  deviceIds: z
    .array(presentedId)
    .max(DEVICES_MAX, `At most ${String(DEVICES_MAX)} at a time.`)
    .optional(),
});

/** The browsers and apps that users have signed in with. */
@Resolver(() => UserType)
export class KnownDevicesResolver {
  constructor(
    private readonly devices: KnownDevices,
    private readonly sessions: Sessions,
    private readonly profile: Profile,
    private readonly accounts: Accounts,
  ) {}

  @FieldResolver(() => [KnownDeviceType], { description: 'Browsers and apps used before, at most 50.' })
  async knownDevices(@Root() user: UserType, @Ctx() context: RequestContext): Promise<KnownDeviceType[]> {
    const caller = await context.caller();
    if (caller.kind !== 'user' || caller.userId !== user.id) throw new RequestFault('FORBIDDEN');
    const [session, devices] = [await this.sessions.standing(caller), await this.devices.list(user.id)];
    return devices.map((device) => KnownDeviceType.from(device, session?.knownDeviceId));
  }

  @Mutation(() => UserPayload, { description: 'Ask for the second factor there again. **Signed in.**' })
  async forgetDevices(
    @Arg('input', () => ForgetDevicesInput) input: ForgetDevicesInput,
    @Ctx() context: RequestContext,
  ): Promise<UserPayload> {
    const caller = await signedIn(context);
    return payload(UserPayload, async () => {
      const { deviceIds } = parseInput(forgetDevicesInput, input);
      const { client, addressKey } = context;
      await this.profile.forgetDevices(caller, deviceIds ?? null, { client, addressKey });
      const user = await this.accounts.find(caller.userId);
      return { user: user ? UserType.from(user) : null };
    });
  }
}
