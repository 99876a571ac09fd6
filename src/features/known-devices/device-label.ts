import type { ClientContext } from '../../kernel';

/** What a person recognises the browser or app by. */
export function deviceLabel({ browser, operatingSystem }: ClientContext): string {
  if (browser && operatingSystem) return `${browser} on ${operatingSystem}`;
  return browser ?? operatingSystem ?? 'Unknown device';
}
