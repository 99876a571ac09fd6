import type { Refusal } from '../../kernel';
import { ThreadRater } from './password-rater.service';
import { PasswordRules, stem } from './password-rules';

const PATH = ['input', 'newPassword'];
const OWNER = { email: 'ada.lovelace@example.com', displayName: 'Ada Lovelace' };
const demands = { minimumLength: 8, gatewayName: 'Example Corp' };

describe('the rules for new passwords', () => {
  const rater = new ThreadRater();
  const rules = new PasswordRules(demands, rater, undefined);
  afterAll(() => rater.close());

  const verdict = async (password: string, by = rules): Promise<string> => {
    try {
      await by.check(password, OWNER, PATH);
      return 'accepted';
    } catch (error) {
      const [fault] = (error as Refusal).faults;
      expect(fault?.path).toEqual(PATH);
      return `${String(fault?.code)}: ${fault?.message ?? ''}`;
    }
  };

  it.each([
    'correct-horse-battery-staple',
    'zebra umbrella 7 quiet',
    'xK9#mQ2$vL7@',
    'zx7kaqwv',
    'très-long-et-sûr',
    'Zwölf Boxkämpfer jagen',
    '😀🐙🎷🪁🧭🥝🛶🪐 otter',
  ])('take %s', async (password) => {
    expect(await verdict(password)).toBe('accepted');
  });

  it.each([
    ['a common password', 'password1', /most common/],
    ['one under a tail of digits and signs', 'password123…', /most common/],
    ['one between them, in capitals', '!!PASSWORD!!', /most common/],
    ['one written with the letters of another width', 'ｐａｓｓｗｏｒｄ！！', /most common/],
    ['the name', 'adalovelace', /your name|easy to guess|personal/],
    ['the local part of the address with a year', 'ada.lovelace2026…', /your name/],
    ['the address itself', 'ADA.Lovelace@example.com', /your name/],
    ['the name of the service', 'Example Corp 2026!', /name of this service/],
    ['the name of the product', 'factorgate-2026!', /name of this service/],
    ['one character', 'x'.repeat(127) + 'a', /easy to guess|Repeated/i],
    ['a row of letters', 'abcdefghijklmno', /sequences/],
    ['a row of keys', 'qwertyuiopasdfgh', /commonly used|keyboard|keys/i],
    ['a date', '24.11.1996', /Dates|easy to guess/i],
    ['a German word that everybody takes', 'passwort12345678', /commonly used|common/i],
    ['too few characters', '😀🐙🎷🪁🧭🥝🛶', /at least 8/],
  ])('refuse %s', async (_, password, words) => {
    const said = await verdict(password);
    expect(said).toMatch(/^WEAK_PASSWORD: /);
    expect(said).toMatch(words);
  });

  it('refuse what is too long before rating it', async () => {
    const unused = { rate: () => Promise.reject(new Error('rated')) };
    expect(await verdict('x'.repeat(129), new PasswordRules(demands, unused, undefined))).toMatch(
      /^INVALID_INPUT/,
    );
  });

  it('rate no more than the first 64 characters', async () => {
    const rated: string[] = [];
    const watched = {
      rate: (password: string) => {
        rated.push(password);
        return Promise.resolve({ isCommon: false, guesses: 1e12, hint: null });
      },
    };
    await verdict('é😀'.repeat(64), new PasswordRules(demands, watched, undefined));
    expect(rated).toEqual(['é😀'.repeat(32)]);
  });

  it('keep the loop free while a password made to be hard to rate is rated', async () => {
    await verdict('warm-up-otter-kayak');
    const shares: number[] = [];
    // A machine may stall for reasons of its own: a rating that held the loop would hold it every time.
    for (let tries = 0; tries < 3; tries += 1) {
      let longest = 0;
      let last = performance.now();
      const beat = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 5);
      const began = performance.now();
      await verdict('4@8({[<369&#!1/|0$5+7%2'.repeat(5));
      shares.push(longest / Math.max(100, performance.now() - began));
      clearInterval(beat);
    }
    expect(Math.min(...shares)).toBeLessThan(0.5);
  });

  it('are answered again after the thread was lost, and tell whoever waited', async () => {
    const lost = new ThreadRater();
    const waiting = lost.rate('zebra umbrella 7 quiet', []);
    await lost.close();
    await expect(waiting).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await lost.rate('password', [])).toMatchObject({ isCommon: true });
    await lost.close();
  });

  it('rate only so many at once', async () => {
    const busy = new ThreadRater();
    const all = await Promise.allSettled(Array.from({ length: 22 }, () => busy.rate('otter', [])));
    expect(all.filter(({ status }) => status === 'rejected')).toHaveLength(6);
    await busy.close();
  });
});

it('the stem of a password is what is left without digits and signs around it', () => {
  expect(['Password123…', '##ada2026##', '2026', 'a1b2'].map(stem)).toEqual(['password', 'ada', '', 'a1b']);
});
