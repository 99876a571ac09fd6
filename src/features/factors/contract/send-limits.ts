import type { Keyring } from '../../../platform';
import type { ChargeUse } from './factor-kind';

export interface SendLimit {
  readonly name: string;
  readonly count: number;
  readonly perSeconds: number;
}

/**
 * Charges a send to each limit in turn before anything is sent; refuses with RATE_LIMITED at the first that is full. The
 * counters know a number or an address by its keyed hash only. What has no value, such as an unknown address of the
 * network, is not counted. Gives the counts by the limit's name, this send included.
 */
export async function chargeSend(
  chargeUse: ChargeUse,
  keyring: Keyring,
  charges: readonly (readonly [value: string | null, ...limits: SendLimit[]])[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const [value, ...limits] of charges) {
    if (value === null) continue;
    for (const limit of limits) {
      const subject = keyring.mac('code', ['send-limit', limit.name, value]).toString('base64url');
      counts.set(limit.name, await chargeUse(limit, subject));
    }
  }
  return counts;
}
