import type { Replay } from './policy-trials.service';
import type { Impact } from './policy-impact';
import { explained } from './policy-standing';

/** For the terminal: whom a change would hit, by group. */
export const impactTable = (impact: Impact): string[] =>
  aligned([
    ['users who would be asked for a factor and are not today', String(impact.affectedCount)],
    ['users who could not sign in any more without enrolling', String(impact.lockedOutCount)],
    ['users whose time to enroll would still run', String(impact.inGraceCount)],
    ['service accounts left out', String(impact.excludedCount)],
  ]);

/** For the terminal: what past sign-ins would have met; one line for each that would have gone otherwise. */
export const replayTable = ({ signInCount, changedCount, changed }: Replay): string[] => [
  ...aligned([
    ['sign-ins looked at', String(signInCount)],
    ['sign-ins that would have gone otherwise', String(changedCount)],
  ]),
  ...aligned(
    changed.map(({ event, before, after }) => [
      event.occurredAt.toISOString(),
      event.userId ?? '',
      outcome(before),
      `-> ${outcome(after)}`,
    ]),
  ),
];

const outcome = ({ decision, standing }: Replay['changed'][number]['before']): string =>
  explained(decision, standing).at(-1) ?? '';

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(cell.length, most[column] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
