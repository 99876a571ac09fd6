import pino from 'pino';
import { InProcessBus, type DeviceCaller, type Sql } from '../../../../platform';
import type { DeviceChallenge, DevicePort } from '../../contract';
import { Approvals } from './approvals.service';

const caller: DeviceCaller = { kind: 'device', deviceId: 'dev_1', factorId: 'fct_1', userId: 'usr_1' };
const at = new Date('2026-11-24T09:30:00Z');

/** What waits for one device, as the engine would tell it. */
class Queue {
  readonly received: string[] = [];
  private challenges: DeviceChallenge[] = [];
  private version = 0;
  isRevoked = false;
  private readonly bus = new InProcessBus();
  readonly approvals: Approvals;

  constructor() {
    const port = {
      waiting: () => Promise.resolve(this.challenges),
      versions: () => Promise.resolve(new Map([[caller.factorId, String(this.version)]])),
      received: (id: string) => Promise.resolve(void this.received.push(id)),
    } as unknown as DevicePort;
    const sql = {
      row: () => Promise.resolve(this.isRevoked ? undefined : { id: caller.deviceId }),
    } as unknown as Sql;
    this.approvals = new Approvals(port, sql, this.bus, pino({ level: 'silent' }));
  }

  /** Makes these the ones that wait, and rings. */
  hold(...ids: string[]): void {
    this.challenges = ids.map((id) => ({ id, status: 'PENDING', createdAt: at, expiresAt: at, kept: {} }));
    this.version += 1;
    this.ring();
  }

  ring(): void {
    void this.bus.publish(`device:${caller.factorId}`, '');
  }
}

describe('the approvals that a device follows', () => {
  it('are those that wait already, then each new one, every one once', async () => {
    const queue = new Queue();
    queue.hold('chl_1', 'chl_2');
    const stream = queue.approvals.follow(caller);
    const next = async () => ((await stream.next()).value as DeviceChallenge | undefined)?.id;
    expect([await next(), await next()]).toEqual(['chl_1', 'chl_2']);
    const third = next();
    queue.ring();
    queue.hold('chl_2');
    queue.hold('chl_2', 'chl_3');
    expect(await third).toBe('chl_3');
    await stream.return?.();
  });

  it('are marked as received when they are handed out, not before', async () => {
    const queue = new Queue();
    queue.hold('chl_1', 'chl_2');
    const stream = queue.approvals.follow(caller);
    await stream.next();
    expect(queue.received).toEqual(['chl_1']);
    await stream.next();
    expect(queue.received).toEqual(['chl_1', 'chl_2']);
    await stream.return?.();
  });

  it('can be left while nothing waits', async () => {
    const stream = new Queue().approvals.follow(caller);
    const waiting = stream.next();
    await stream.return?.();
    expect((await waiting).done).toBe(true);
  });

  it('end when the device is revoked', async () => {
    const queue = new Queue();
    const stream = queue.approvals.follow(caller);
    const waiting = stream.next();
    queue.isRevoked = true;
    queue.hold('chl_1');
    expect((await waiting).done).toBe(true);
    expect(queue.received).toEqual([]);
  });
});
