import { AssuranceLevel } from '../../kernel';

/** How a value stands in a policy file. Its text is read as it is written: no word of YAML is taken for something else. */
export interface WordForm {
  readonly is: 'word';
  /** What may be written. Completes `must be …`. */
  readonly says: string;
  /** Of the number that bounds are told in. */
  readonly unit?: string;
  /** Undefined where the text is nothing of the kind. */
  read(text: string): unknown;
  write(value: unknown): string | number | boolean;
}

/** `30 Days`, `30-days` and `30_days` are the same. */
const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '_');

/** One of the values, in lower case; `spelled` gives those that are written otherwise. */
export function wordsFor(
  values: readonly string[],
  spelled: Readonly<Record<string, string | boolean>> = {},
): WordForm {
  const written = (value: string): string | boolean => spelled[value] ?? value.toLowerCase();
  const meanings = new Map(values.map((value) => [plain(String(written(value))), value]));
  const says = values.map((value) => `\`${String(written(value))}\``);
  return {
    is: 'word',
    says: says.length > 1 ? `${says.slice(0, -1).join(', ')} or ${says.at(-1) ?? ''}` : (says[0] ?? ''),
    read: (text) => meanings.get(plain(text)),
    write: (value) => written(value as string),
  };
}

/** Levels that a policy cannot demand are read too: the check of the values says why they cannot. */
export const levelWord: WordForm = {
  ...wordsFor(Object.keys(AssuranceLevel), { AAL2_PHR: 'aal2-phr' }),
  says: '`aal2` or `aal2-phr`',
};

export const yesOrNo: WordForm = {
  is: 'word',
  says: '`true` or `false`',
  read: (text) => [true, false].find((value) => String(value) === text.trim().toLowerCase()),
  write: (value) => value as boolean,
};

export const wholeNumber: WordForm = {
  is: 'word',
  says: 'a whole number',
  read: (text) => (/^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined),
  write: (value) => value as number,
};

export const freeText: WordForm = {
  is: 'word',
  says: 'a text',
  read: (text) => text,
  write: (value) => value as string,
};

const SECONDS = { second: 1, minute: 60, hour: 3600, day: 86_400 } as const;

const DURATION_SAYS = {
  second: 'a duration, for example `5_minutes` or `90_seconds`',
  hour: 'whole hours or days, for example `24_hours`',
  day: 'whole days, for example `30_days`',
};

/** A duration that is kept as a number of `unit`; only 0 may stand without a unit. */
export function durationIn(unit: keyof typeof DURATION_SAYS): WordForm {
  return {
    is: 'word',
    says: DURATION_SAYS[unit],
    unit: `${unit}s`,
    read(text) {
      const [, count, given] = /^(\d{1,9})(?:_?(second|minute|hour|day)s?)?$/.exec(plain(text)) ?? [];
      if (count === undefined || (given === undefined && Number(count) !== 0)) return undefined;
      const value = (Number(count) * SECONDS[(given ?? unit) as keyof typeof SECONDS]) / SECONDS[unit];
      return Number.isInteger(value) ? value : undefined;
    },
    write(value) {
      const isMinutes = unit === 'second' && (value as number) % 60 === 0;
      const count = isMinutes ? (value as number) / 60 : (value as number);
      return `${String(count)}_${isMinutes ? 'minute' : unit}${count === 1 ? '' : 's'}`;
    },
  };
}
