import type { Database, UnitOfWork } from '../../platform';
import type { RecoveryNow } from './recovery';
import type { RecoveryCodes } from './recovery-codes.service';
import type { RecoveryNotices } from './recovery-notices.service';
import * as store from './recovery.store';

const AT_ONCE = 50;

/** Follows requests through their waiting period: says how far they are, and mails the code. When that is, the row says. */
export class RecoveryProgress {
  constructor(
    private readonly database: Database,
    private readonly codes: RecoveryCodes,
    private readonly notices: RecoveryNotices,
  ) {}

  /** One turn; says how many requests moved on. Any number of processes may do it at once. */
  async sweep(): Promise<number> {
    const expired = await store.expire(this.database, null);
    const halfway = await this.database.transaction(async (tx) => {
      const requests = await store.takeHalfway(tx, AT_ONCE);
      for (const request of requests) await this.notices.tell(tx, request, 'halfway');
      return requests.length;
    });
    const ready = await this.database.transaction(async (tx) => {
      const requests = await store.takeReady(tx, AT_ONCE);
      for (const request of requests) await this.sendCode(tx, request);
      return requests.length;
    });
    return expired + halfway + ready;
  }

  /** Mails the code of a request that is ready; nothing where it was sent before. The caller holds its row. */
  async send(tx: UnitOfWork, request: RecoveryNow): Promise<void> {
    if (await store.markReady(tx, request.id)) await this.sendCode(tx, request);
  }

  private async sendCode(tx: UnitOfWork, request: RecoveryNow): Promise<void> {
    await this.codes.send(tx, request);
    await this.notices.tell(tx, request, 'ready');
  }
}
