/** Tells the time of this process. The database has its own clock (`gateway_now()`), which decides expiry. */
export interface Clock {
  now(): Date;
}

/** Chance from the operating system, never predictable. */
export interface Chance {
  bytes(count: number): Buffer;
  /** A uniform integer, 0 <= n < bound. */
  below(bound: number): number;
}

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(count * 60);
export const hours = (count: number): number => minutes(count * 60);
export const days = (count: number): number => hours(count * 24);

export const after = (instant: Date, milliseconds: number): Date =>
  new Date(instant.getTime() + milliseconds);
export const unixSeconds = (instant: Date): number => Math.floor(instant.getTime() / 1000);
