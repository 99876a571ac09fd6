/** A live subscription to one channel. */
export interface BusSubscription {
  /** Settles when messages published from now on will arrive; may never settle while Redis is away. */
  readonly acknowledged: Promise<void>;
  cancel(): void;
}

/** Carries bells between processes. Channel names are made by the server, never from client text. */
export interface Bus {
  /** Best effort: resolves even if nobody heard. */
  publish(channel: string, message: string): Promise<void>;
  subscribe(channel: string, heard: (message: string) => void): BusSubscription;
  isUp(): boolean;
  close(): Promise<void>;
}
