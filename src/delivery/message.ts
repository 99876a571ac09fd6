export const CHANNELS = ['sms', 'email', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is to be told to somebody, before a provider and a wording are chosen. */
export interface Message {
  readonly channel: Channel;
  /** Number, address, or the id of the device. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly data?: Readonly<Record<string, string>>;
  /** The message is worthless afterwards and is dropped. */
  readonly expiresAt?: Date;
}
