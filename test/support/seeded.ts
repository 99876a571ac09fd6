/** Chance that is the same at every run: uniform enough for delays, of no use for secrets (Park and Miller, 1988). */
export function seededBelow(seed: number): (bound: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}
