import { Field, ObjectType } from 'type-graphql';
import type { ClientContext } from '../../../kernel';
import { Ip } from '../../../platform';

@ObjectType('ClientContext', { description: 'Where a request came from, as far as the gateway can tell.' })
export class ClientContextType {
  @Field(() => Ip, { nullable: true })
  ipAddress!: string | null;

  @Field(() => String, { nullable: true, description: 'City and country from the address, approximate.' })
  location!: string | null;

  @Field(() => String, { nullable: true })
  browser!: string | null;

  @Field(() => String, { nullable: true })
  operatingSystem!: string | null;

  static from(context: ClientContext): ClientContextType {
    return Object.assign(new ClientContextType(), {
      ipAddress: context.ipAddress,
      location: context.location,
      browser: context.browser,
      operatingSystem: context.operatingSystem,
    });
  }
}
