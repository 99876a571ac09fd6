import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { z } from 'zod';
import { asDevice, parseInput, payload, type RequestContext } from '../../../../platform';
import { Factor, type DeviceChallenge } from '../../contract';
import { ApprovalPayload, ApprovalRequest, RespondToApprovalInput } from './approval.graphql';
import type { Approvals } from './approvals.service';
import { Device, DevicePayload, RegisterDeviceInput, UpdateDeviceInput } from './device.graphql';
import { compactJws } from './device-jws';
import type { Devices } from './devices.service';

const answerInput = z.object({ answer: compactJws });

/** What a registered phone may ask and say. */
@Resolver(() => Device)
export class DeviceResolver {
  constructor(
    private readonly devices: Devices,
    private readonly approvalsOf: Approvals,
  ) {}

  @Query(() => Device, {
    nullable: true,
    description:
      'The calling device, with its waiting approvals. **Device** (`Authorization: Device <JWS>`).',
  })
  async viewerDevice(@Ctx() context: RequestContext): Promise<Device> {
    return Device.from(await this.devices.calling(await asDevice(context)));
  }

  @Mutation(() => DevicePayload, {
    description: 'Called by the phone after scanning the QR code. **Pairing token.**',
  })
  registerDevice(
    @Arg('input', () => RegisterDeviceInput) input: RegisterDeviceInput,
  ): Promise<DevicePayload> {
    return payload(DevicePayload, async () => ({ device: Device.from(await this.devices.register(input)) }));
  }

  @Mutation(() => DevicePayload, { description: '**Device.**' })
  async updateDevice(
    @Arg('input', () => UpdateDeviceInput) input: UpdateDeviceInput,
    @Ctx() context: RequestContext,
  ): Promise<DevicePayload> {
    const caller = await asDevice(context);
    return payload(DevicePayload, async () => ({
      device: Device.from(await this.devices.update(caller, input)),
    }));
  }

  @Mutation(() => ApprovalPayload, { description: '**Device.**' })
  async respondToApproval(
    @Arg('input', () => RespondToApprovalInput) input: RespondToApprovalInput,
    @Ctx() context: RequestContext,
  ): Promise<ApprovalPayload> {
    const caller = await asDevice(context);
    const answered = async (): Promise<Partial<ApprovalPayload>> => {
      const { answer } = parseInput(answerInput, input);
      return { approval: ApprovalRequest.from(await this.approvalsOf.respond(caller, answer)) };
    };
    return payload(ApprovalPayload, answered, async () => {
      const approval = await this.approvalsOf.spokenOf(caller, input.answer);
      return { approval: approval ? ApprovalRequest.from(approval) : null };
    });
  }

  @Subscription(() => ApprovalRequest, {
    subscribe: ({ context }: { context: RequestContext }) =>
      context.resolvers.get(DeviceResolver).follow(context),
    description: 'Requests waiting for this device, then new ones as they come. **Device.**',
  })
  approvalRequested(@Root() challenge: DeviceChallenge): ApprovalRequest {
    return ApprovalRequest.from(challenge);
  }

  async follow(context: RequestContext): Promise<AsyncIterable<DeviceChallenge>> {
    return this.approvalsOf.follow(await asDevice(context));
  }

  @FieldResolver(() => [ApprovalRequest], {
    description: 'Requests waiting for an answer. Only for the device itself.',
  })
  async approvals(@Root() device: Device, @Ctx() context: RequestContext): Promise<ApprovalRequest[]> {
    const caller = await context.caller();
    if (caller.kind !== 'device' || caller.deviceId !== device.id) return [];
    return (await this.approvalsOf.waiting(caller)).map((challenge) => ApprovalRequest.from(challenge));
  }
}

@Resolver(() => Factor)
export class FactorDeviceResolver {
  constructor(private readonly devices: Devices) {}

  @FieldResolver(() => Device, {
    nullable: true,
    description: 'For push: the device. Null inside an unfinished flow.',
  })
  async device(@Root() factor: Factor): Promise<Device | null> {
    if (factor.kind !== 'PUSH' || !factor.isShownToOwner) return null;
    const device = await this.devices.ofFactor(factor.id);
    return device ? Device.from(device) : null;
  }
}
