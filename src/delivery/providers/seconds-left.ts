/** Whole seconds until a message is worthless; a message without an end is kept for two minutes. */
export const secondsLeft = (expiresAt: Date | undefined, now: Date): number =>
  expiresAt ? Math.max(0, Math.floor((expiresAt.getTime() - now.getTime()) / 1000)) : 120;
