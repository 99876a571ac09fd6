export { GROUP, canonical, inGroups, newCode } from '../../contract';

/** Whether a canonical text may be a code at all; anything else costs no attempt. */
export const isCode = (text: string): boolean => /^(?:[0-9A-HJKMNP-TV-Z]{4}){3,4}$/.test(text);
