export const CHANNELS = ['sms', 'email', 'push'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is to be told to somebody, before a provider and a wording are chosen. */
export interface Message {
  readonly channel: Channel;
  /** Number, address, or the id of the device. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** E-mail only: the same as HTML. */
  readonly html?: string;
  /** Push only: the address at the push service, and which service it is. Without it nothing is sent: the device asks. */
  readonly target?: { readonly platform: 'IOS' | 'ANDROID' | 'WEB'; readonly pushToken: string };
  readonly data?: Readonly<Record<string, string>>;
  /** How often it was asked for before (0 at first): each time another provider is the first to be asked. */
  readonly attempt?: number;
  /** The message is worthless afterwards and is dropped. */
  readonly expiresAt?: Date;
}
