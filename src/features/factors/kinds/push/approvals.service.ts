import { Refusal, isId } from '../../../../kernel';
import {
  Watcher,
  type Bus,
  type DeviceCaller,
  type Log,
  type Snapshot,
  type Sql,
} from '../../../../platform';
import type { DeviceChallenge, DevicePort } from '../../contract';
import { openAnswer } from './approval-answer';
import { unverified } from './device-jws';
import { findDevice } from './devices.store';

/** The requests that wait for a device. Handing one out marks it RECEIVED, which the waiting screen shows. */
export class Approvals {
  private readonly watcher: Watcher;

  constructor(
    private readonly port: DevicePort,
    private readonly sql: Sql,
    bus: Bus,
    log: Log,
  ) {
    this.watcher = new Watcher('device', bus, (factorIds) => this.versions(factorIds), log);
  }

  /** Oldest first. */
  async waiting(caller: DeviceCaller): Promise<DeviceChallenge[]> {
    const challenges = await this.port.waiting(caller.factorId);
    await Promise.all(challenges.map((challenge) => this.port.received(challenge.id)));
    return challenges;
  }

  /** What waits now, then each new request; every one is given once. */
  follow(caller: DeviceCaller): AsyncIterableIterator<DeviceChallenge> {
    const changes = this.watcher.follow(caller.factorId, () => this.snapshot(caller));
    let given = new Set<string>();
    let fresh: DeviceChallenge[] = [];
    const next = async (): Promise<IteratorResult<DeviceChallenge>> => {
      for (;;) {
        const challenge = fresh.shift();
        if (challenge) {
          await this.port.received(challenge.id);
          return { value: challenge, done: false };
        }
        const change = await changes.next();
        if (change.done) return { value: undefined, done: true };
        const known = given;
        fresh = change.value.filter(({ id }) => !known.has(id));
        // What waits no longer never waits again: the set holds only what may come back in the next state.
        given = new Set(change.value.map(({ id }) => id));
      }
    };
    return {
      next,
      return: async () => {
        fresh = [];
        await changes.return?.();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Lets the engine judge the answer. What this device did not sign names no approval at all, so a forged
   * answer is refused before anything is looked up.
   */
  async respond(caller: DeviceCaller, answer: string): Promise<DeviceChallenge> {
    const device = await findDevice(this.sql, caller.deviceId);
    const opened = device ? await openAnswer(answer, device) : { why: 'revoked' };
    if ('why' in opened) throw new Refusal('INVALID_PROOF', {}, opened.why);
    const { approvalId } = opened.payload;
    if (!isId('chl', approvalId)) throw new Refusal('NOT_FOUND');
    return this.port.settle(approvalId, caller.factorId, answer);
  }

  /** The approval that a refused answer speaks of, as it stands now, if it is this device's. */
  async spokenOf(caller: DeviceCaller, answer: string): Promise<DeviceChallenge | undefined> {
    const { approvalId } = unverified(answer, 'payload');
    if (typeof approvalId !== 'string' || !isId('chl', approvalId)) return undefined;
    return this.port.find(approvalId, caller.factorId).catch(nothingIfNotFound);
  }

  // The version is read first: a change between the two reads shows at the next look.
  private async snapshot(caller: DeviceCaller): Promise<Snapshot<DeviceChallenge[]> | undefined> {
    if (!(await findDevice(this.sql, caller.deviceId))) return undefined;
    const versions = await this.versions([caller.factorId]);
    const state = await this.port.waiting(caller.factorId);
    return { state, version: versions.get(caller.factorId) ?? '', isFinal: false };
  }

  // A device for which nothing waits has a version too; else it would look changed at every look.
  private async versions(factorIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const known = await this.port.versions(factorIds);
    return new Map(factorIds.map((id) => [id, known.get(id) ?? '']));
  }
}

function nothingIfNotFound(error: unknown): undefined {
  if (!(error instanceof Refusal) || error.code !== 'NOT_FOUND') throw error;
}
