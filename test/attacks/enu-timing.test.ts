/**
 * The attack: finding out who has an account by the clock: a great many sign-ins with a wrong password, of addresses that
 * exist and of such that do not, and the threshold between them that tells most of them apart.
 * The guarantee: over 1,000 samples of each the best threshold is right in less than 55 % of them, and so is a guess by
 * which of two replies took longer.
 */
import { embedded } from '../support/backends';
import { seededRandom } from '../support/random';
import { World } from '../support/world';

const SAMPLES = 1000;
const ACCOUNTS = 10;
const SIGN_IN = 'mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }';

interface Sample {
  readonly isKnown: boolean;
  readonly took: number;
}

test('ENU-02 how long a reply takes does not tell whether the account exists', async () => {
  const world = await World.open(embedded, { environment: { PASSWORD_HASHES_IN_PARALLEL: '1' } });
  const known: string[] = [];
  for (let account = 0; account < ACCOUNTS; account += 1) known.push((await world.user()).email);
  const unknown = known.map((email) => email.replace('user', 'none'));

  const timed = async (isKnown: boolean, turn: number): Promise<Sample> => {
    // What one account and one address may try is another test's matter.
    if (turn % ACCOUNTS === 0) await world.database.affected('DELETE FROM limit_counter');
    const email = (isKnown ? known : unknown)[turn % ACCOUNTS];
    const began = performance.now();
    const { data } = await world.a.ask(SIGN_IN, { input: { email, password: 'not-the-password-at-all' } });
    const took = performance.now() - began;
    expect(data.signIn.errors).toEqual([{ code: 'INVALID_CREDENTIALS' }]);
    return { isKnown, took };
  };

  // Which of a pair comes first is drawn, so that whatever else the machine does meets both alike.
  const random = seededRandom(58);
  for (let turn = 0; turn < 20; turn += 1) await timed(turn % 2 === 0, turn);
  const samples: Sample[] = [];
  for (let turn = 0; turn < SAMPLES; turn += 1) {
    const first = random() < 0.5;
    samples.push(await timed(first, turn), await timed(!first, turn));
  }
  await world.close();

  const of = (isKnown: boolean) =>
    samples.filter((sample) => sample.isKnown === isKnown).map(({ took }) => took);
  const medians = [median(of(true)), median(of(false))] as const;
  const figures = { threshold: bestThreshold(samples), ranks: byRank(samples), medians };
  process.stdout.write(`sign-in by the clock: ${JSON.stringify(figures)}\n`);
  expect(figures.threshold).toBeLessThan(0.55);
  expect(Math.abs(figures.ranks - 0.5)).toBeLessThan(0.05);
  expect(Math.abs(medians[0] - medians[1])).toBeLessThan(0.05 * Math.min(...medians));
  expect(Math.min(...medians)).toBeGreaterThan(5);
}, 240_000);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const inOrder = (samples: readonly Sample[]): Sample[] => [...samples].sort((a, b) => a.took - b.took);

/** The share that the best threshold sorts rightly, whichever side of it is called known. */
function bestThreshold(samples: readonly Sample[]): number {
  let surplus = 0;
  let largest = 0;
  for (const { isKnown } of inOrder(samples)) {
    surplus += isKnown ? 1 : -1;
    largest = Math.max(largest, Math.abs(surplus));
  }
  return 0.5 + largest / samples.length;
}

/** How often a reply about a known account took longer than one about an unknown (the area under the ROC curve). */
function byRank(samples: readonly Sample[]): number {
  let unknownBefore = 0;
  let pairs = 0;
  for (const { isKnown } of inOrder(samples)) {
    if (isKnown) pairs += unknownBefore;
    else unknownBefore += 1;
  }
  return pairs / (unknownBefore * (samples.length - unknownBefore));
}
