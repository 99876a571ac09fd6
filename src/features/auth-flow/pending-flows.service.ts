import type { UnitOfWork } from '../../platform';
import type { Challenges } from '../challenges';
import type { Flows } from './flows.service';

/** Flows that are not finished. What changed about the account may have made their first proof worthless. */
export class PendingFlows {
  constructor(
    private readonly flows: Flows,
    private readonly challenges: Challenges,
  ) {}

  /** Ends all of a user's but the given one: whoever signed in halfway with the old password does not get further. */
  async end(tx: UnitOfWork, userId: string, exceptFlowId: string | null = null): Promise<void> {
    for (const flowId of await this.flows.cancelAll(tx, userId, exceptFlowId)) {
      await this.challenges.close(tx, flowId, 'CANCELED');
    }
  }
}
