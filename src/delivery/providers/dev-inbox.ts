import type { Config } from '../../kernel';
import type { JsonRoute, Sql } from '../../platform';
import { CHANNELS, type Channel, type Message } from '../message';
import type { DeliveryProvider } from '../provider';

const MESSAGES_MAX = 200;

export interface InboxMessage {
  readonly id: string;
  readonly at: Date;
  readonly channel: Channel;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

/** Where messages go while nobody pays for SMS: readable by whoever can reach the gateway, codes included. */
export class DevInbox {
  private constructor(private readonly sql: Sql) {}

  static open(config: Config, sql: Sql): DevInbox {
    if (config.isProduction)
      throw new Error('the dev inbox shows codes to anybody and is refused in production');
    return new DevInbox(sql);
  }

  /** One per channel, all with the same inbox behind them. */
  providers(): DeliveryProvider[] {
    return CHANNELS.map((channel) => ({
      name: 'dev-inbox',
      channel,
      send: (message, id) => this.add(message, id),
    }));
  }

  /** The newest 200, newest first. */
  list(): Promise<InboxMessage[]> {
    return this.sql.rows<InboxMessage>(
      `SELECT id, at, channel, "to", subject, text, data FROM dev_inbox
       ORDER BY seq DESC LIMIT ${String(MESSAGES_MAX)}`,
    );
  }

  route(): JsonRoute {
    return { path: '/dev/inbox.json', maxAgeSeconds: 0, answer: () => this.list() };
  }

  /** A message that was tried again keeps its id, and is shown once. */
  private async add(message: Message, id: string): Promise<void> {
    await this.sql.affected(
      `INSERT INTO dev_inbox (id, channel, "to", subject, text, data) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
       ON CONFLICT (id) DO NOTHING`,
      [
        id.replace(/^out_/, 'msg_'),
        message.channel,
        message.to,
        message.subject,
        message.text,
        data(message),
      ],
    );
    await this.sql.affected(
      `DELETE FROM dev_inbox
       WHERE seq <= (SELECT seq FROM dev_inbox ORDER BY seq DESC OFFSET ${String(MESSAGES_MAX)} LIMIT 1)`,
    );
  }
}

const data = (message: Message): string => JSON.stringify(message.data ?? {});
