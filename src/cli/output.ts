import { ERROR_CODES, type Refusal } from '../kernel';

/** A refusal as one line for a terminal. */
export const shown = (refusal: Refusal): string =>
  refusal.faults.map((fault) => `${fault.code}: ${fault.message ?? ERROR_CODES[fault.code][1]}`).join('\n');
