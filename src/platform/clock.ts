import { randomBytes, randomInt } from 'node:crypto';
import type { Chance, Clock } from '../kernel';

export const systemClock: Clock = { now: () => new Date() };

export const systemChance: Chance = {
  bytes: (count) => randomBytes(count),
  below: (bound) => randomInt(bound),
};

/** A secret for a caller to hold: 256 bits, base64url, 43 characters. */
export const newToken = (chance: Chance): string => chance.bytes(32).toString('base64url');
