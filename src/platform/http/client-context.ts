import { isIP } from 'node:net';
import Bowser from 'bowser';
import type { ClientContext, Place } from '../../kernel';
import { displayText } from '../graphql/input';

const USER_AGENT_MAX = 512;
const NAME_MAX = 60;

/** What the phone and the account page show of a request. All of it is a hint: a client can claim any browser. */
export function clientContext(
  ipAddress: string | undefined,
  userAgent: string | undefined,
  place: Place | null = null,
): ClientContext {
  const ip = plainAddress(ipAddress);
  const location = place ? placeLabel(place) : null;
  if (!userAgent) return { ipAddress: ip, location, browser: null, operatingSystem: null };
  const parsed = Bowser.parse(displayText(userAgent.slice(0, USER_AGENT_MAX), USER_AGENT_MAX) || 'unknown');
  const browser = [parsed.browser.name, parsed.browser.version?.split('.')[0]].filter(Boolean).join(' ');
  const system = [parsed.os.name, parsed.os.versionName ?? parsed.os.version].filter(Boolean).join(' ');
  return {
    ipAddress: ip,
    location,
    browser: displayText(browser, NAME_MAX) || null,
    operatingSystem: displayText(system, NAME_MAX) || null,
  };
}

/** As people read it: `Zurich, Switzerland`, or the country alone. English, at most 60 characters. */
export function placeLabel({ city, country }: Pick<Place, 'city' | 'country'>): string {
  // Made when first asked for: loading the names takes 20 ms, which no start should wait for.
  countryNames ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
  const name = countryNames.of(country) ?? country;
  return displayText(city === null ? name : `${city}, ${name}`, NAME_MAX);
}

let countryNames: Intl.DisplayNames | undefined;

/** The address without the IPv4-in-IPv6 prefix that a dual-stack socket adds; null if it is no address. */
export function plainAddress(address: string | undefined): string | null {
  if (!address) return null;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  const plain = mapped?.[1] ?? address.replace(/%.*$/, '');
  return isIP(plain) ? plain : null;
}

/**
 * The key that limits count an address by: the whole IPv4 address, or the /64 of an IPv6 address, since a subscriber
 * owns all of it. Textual variants of one address give one key.
 */
export function addressKey(address: string | undefined): string {
  const plain = plainAddress(address);
  if (!plain) return 'unknown';
  if (isIP(plain) === 4) return plain;
  return `${ipv6Groups(plain).slice(0, 4).join(':')}::/64`;
}

function ipv6Groups(address: string): string[] {
  // The URL parser writes an address in its one canonical form (WHATWG URL, IPv6 serializer).
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head ? head.split(':') : [];
  const right = tail ? tail.split(':') : [];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(gap).fill('0'), ...right];
}
