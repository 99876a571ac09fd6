import type { Caller, Log } from '../platform';

const RECHECK_MS = 4_000;
/**
 * How many callers are asked about at a time: the check must not take the database from those who sign in.
 */
const RECHECK_BLOCK = 5;
const PER_CALLER_MAX = 10;

/**
 * A socket or an event stream, as this list sees it. The codes are those of RFC 6455 §7.4 and graphql-
 * transport-ws.
 */
export interface LiveConnection {
  readonly addressKey: string;
  end(code: number, reason: string): void;
}

interface SignedIn {
  readonly caller: Caller;
  /** Whose connections count together: the user's over all sessions, or the device's. */
  readonly owner: string;
  /** What may be revoked: the session or the device. */
  readonly grant: string;
}

/**
 * The long-lived connections of this process: how many an address and a caller hold, whether their callers
 * still stand, and how all of them end when the process stops.
 */
export class LiveConnections {
  private readonly open = new Map<LiveConnection, SignedIn | undefined>();
  private readonly perAddress = new Map<string, number>();
  private readonly perOwner = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private isChecking = false;

  constructor(
    private readonly perAddressMax: number,
    private readonly isStanding: (caller: Caller) => Promise<boolean>,
    private readonly log: Log,
  ) {
    this.timer = setInterval(() => void this.recheck(), RECHECK_MS).unref();
  }

  hasRoomFor(addressKey: string): boolean {
    return (this.perAddress.get(addressKey) ?? 0) < this.perAddressMax;
  }

  add(connection: LiveConnection): void {
    this.open.set(connection, undefined);
    raise(this.perAddress, connection.addressKey, 1);
  }

  /** Notes whose connection it is; false if that caller holds as many as one may. */
  identify(connection: LiveConnection, caller: Caller): boolean {
    const signedIn = signedInAs(caller);
    if (!signedIn || !this.open.has(connection)) return true;
    if ((this.perOwner.get(signedIn.owner) ?? 0) >= PER_CALLER_MAX) return false;
    this.open.set(connection, signedIn);
    raise(this.perOwner, signedIn.owner, 1);
    return true;
  }

  remove(connection: LiveConnection): void {
    if (!this.open.has(connection)) return;
    const owner = this.open.get(connection)?.owner;
    this.open.delete(connection);
    raise(this.perAddress, connection.addressKey, -1);
    if (owner) raise(this.perOwner, owner, -1);
  }

  endAll(code: number, reason: string): void {
    clearInterval(this.timer);
    for (const connection of [...this.open.keys()]) connection.end(code, reason);
  }

  /** Asks once per session or device. While the database cannot be asked, nobody is thrown out. */
  private async recheck(): Promise<void> {
    if (this.isChecking) return;
    this.isChecking = true;
    const callers = new Map<string, Caller>();
    for (const signedIn of this.open.values()) if (signedIn) callers.set(signedIn.grant, signedIn.caller);
    const grants = [...callers];
    try {
      for (let start = 0; start < grants.length; start += RECHECK_BLOCK) {
        await Promise.all(
          grants.slice(start, start + RECHECK_BLOCK).map((entry) => this.recheckOne(...entry)),
        );
      }
    } catch (error) {
      this.log.warn({ error: (error as Error).message }, 'open connections could not be rechecked');
    } finally {
      this.isChecking = false;
    }
  }

  private async recheckOne(grant: string, caller: Caller): Promise<void> {
    if (await this.isStanding(caller)) return;
    for (const [connection, signedIn] of [...this.open]) {
      if (signedIn?.grant === grant) connection.end(4403, 'Forbidden');
    }
  }
}

function signedInAs(caller: Caller): SignedIn | undefined {
  if (caller.kind === 'user')
    return { caller, owner: `user:${caller.userId}`, grant: `session:${caller.sessionId}` };
  if (caller.kind === 'device')
    return { caller, owner: `device:${caller.deviceId}`, grant: `device:${caller.deviceId}` };
  return undefined;
}

function raise(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
