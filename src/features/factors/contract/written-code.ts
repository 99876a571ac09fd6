import type { Chance } from '../../../kernel';

/** Crockford's base32: no I, L, O, U, so that what is written by hand is read back right. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Signs in a group. */
export const GROUP = 4;

/** A code of uniform signs, 5 bits each, without its dashes. */
export const newCode = (chance: Chance, groups: number): string =>
  Array.from({ length: groups * GROUP }, () => ALPHABET.charAt(chance.below(ALPHABET.length))).join('');

/** As it is shown: `XXXX-XXXX-XXXX`. */
export const inGroups = (code: string): string => code.match(/.{4}/g)?.join('-') ?? code;

/** The one form that is compared: upper case, without blanks and dashes, look-alikes read as what is meant. */
export const canonical = (typed: string): string =>
  typed.toUpperCase().replace(/[ -]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
