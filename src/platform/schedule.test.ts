import { RequestFault } from '../kernel';
import { pause, repeat, within } from './schedule';
import { createLog } from './telemetry';

interface Line {
  readonly level: number;
  readonly work: string;
  readonly error: string;
  readonly stack?: string;
}

const HOUR = 3_600_000;
const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
};

const lines: Line[] = [];
const log = createLog('debug', { write: (text: string) => void lines.push(JSON.parse(text) as Line) });
beforeEach(() => (lines.length = 0));

describe('repeated work', () => {
  it('goes on by itself until it is stopped', async () => {
    let turns = 0;
    const repeating = repeat('count', 5, () => Promise.resolve((turns += 1)), log);
    while (turns < 3) await pause(5);
    await repeating.stop();
    const atStop = turns;
    await pause(30);
    expect(turns).toBe(atStop);
  });

  it('never overlaps with itself, however often it is asked for', async () => {
    let underWay = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, (underWay += 1));
      await pause(12);
      underWay -= 1;
    };
    const repeating = repeat('slow', 2, work, log);
    await Promise.all([repeating.now(), repeating.now(), pause(20).then(() => repeating.now())]);
    await repeating.stop();
    expect([most, underWay]).toEqual([1, 0]);
  });

  it('asked for during a turn, takes one more turn that begins afterwards', async () => {
    const { open, opened } = gate();
    let turns = 0;
    const repeating = repeat('turns', HOUR, () => ((turns += 1) === 1 ? opened : Promise.resolve()), log);
    const first = repeating.now();
    const others = [repeating.now(), repeating.now(), repeating.now()];
    expect(turns).toBe(1);
    open();
    await Promise.all([first, ...others]);
    expect(turns).toBe(2);
    await repeating.stop();
  });

  it('is stopped only when the running turn has ended, and begins no further one', async () => {
    const { open, opened } = gate();
    let turns = 0;
    const repeating = repeat('turns', HOUR, () => ((turns += 1), opened), log);
    const asked = [repeating.now(), repeating.now()];
    let isStopped = false;
    const stopped = repeating.stop().then(() => (isStopped = true));
    await pause(10);
    expect(isStopped).toBe(false);
    open();
    await Promise.all([stopped, ...asked, repeating.now()]);
    expect(turns).toBe(1);
  });

  it('goes on after a failure, which is logged with its place', async () => {
    let turns = 0;
    const fail = () => {
      turns += 1;
      throw Object.assign(new Error('broken'), { parameters: ['a secret'] });
    };
    const repeating = repeat('fragile', 5, fail, log);
    while (turns < 2) await pause(5);
    await repeating.stop();
    expect(lines[0]).toMatchObject({ level: 50, work: 'fragile', error: 'broken' });
    expect(lines[0]?.stack).toContain('schedule.test.ts');
    expect(JSON.stringify(lines)).not.toContain('a secret');
  });

  it('warns without a stack while the database is away', async () => {
    const away = new RequestFault('SERVICE_UNAVAILABLE', undefined, 'connect ECONNREFUSED');
    const repeating = repeat('asker', HOUR, () => Promise.reject(away), log);
    await repeating.now();
    await repeating.stop();
    expect(lines).toEqual([
      expect.objectContaining({ level: 40, work: 'asker', error: 'connect ECONNREFUSED' }),
    ]);
    expect(lines[0]).not.toHaveProperty('stack');
  });
});

describe('a time limit', () => {
  it('lets the result through', async () => {
    expect(await within(HOUR, () => Promise.resolve('here'))).toBe('here');
    await expect(within(HOUR, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('ends the wait, and tells the work', async () => {
    let told: unknown;
    const work = (signal: AbortSignal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject((told = signal.reason) as Error));
      });
    await expect(within(10, work)).rejects.toThrow('no answer within 10 ms');
    expect(told).toBeInstanceOf(Error);
  });
});
