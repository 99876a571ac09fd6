import { BlockList, isIP } from 'node:net';
import { open, type Reader, type Response } from 'maxmind';
import { SettingsError } from '../../config';
import type { Place } from '../../kernel';
import { displayText } from '../graphql/input';
import { plainAddress } from './client-context';

const NAME_MAX = 60;
/** Decoded records kept: a city's names in eight languages take about a kilobyte. */
const RECORDS_KEPT = 1000;

/** Where addresses are, from a file in the MaxMind DB format that is read once. It asks nobody else. */
export class Places {
  private constructor(private readonly reader: Reader<Response>) {}

  /** Opens the operator's file, or else the shipped one. One that cannot be read is a settings fault. */
  static async open(path: string | undefined): Promise<Places> {
    try {
      return new Places(await open<Response>(path ?? shippedFile(), { cache: { max: RECORDS_KEPT } }));
    } catch (error) {
      const named = path ?? 'the shipped file';
      throw new SettingsError([`PLACES_FILE: ${named} ${whyUnreadable(error)}`]);
    }
  }

  /** Null for what is no public address, or that the file does not know. Throws for nothing. */
  of(ipAddress: string | null | undefined): Place | null {
    const address = plainAddress(ipAddress ?? undefined);
    if (!address || NOWHERE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return null;
    try {
      return placeIn(this.reader.get(address));
    } catch {
      // A record that is damaged: a hint is missing, and nobody's sign-in fails for it.
      return null;
    }
  }
}

/** Countries only. License and age: docs/guides/places.md. */
const shippedFile = (): string =>
  require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb');

/** Addresses that are nowhere (RFC 6890). Files have been seen that put 192.168.0.0/16 in a country. */
const NOWHERE = new BlockList();
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
]) {
  const [address = '', bits] = network.split('/');
  NOWHERE.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

/**
 * Reads both layouts in use: MaxMind's (`country.iso_code`, `city.names.en`, `location.latitude`) and the
 * flat one of ip-location-db (`country_code`, `city`, `latitude`, the numbers also as texts).
 */
function placeIn(record: unknown): Place | null {
  const fields = fieldsOf(record);
  const country = fields['country_code'] ?? fieldsOf(fields['country'])['iso_code'];
  // ZZ is the code of the unknown region (CLDR).
  if (typeof country !== 'string' || !/^[A-Z]{2}$/.test(country) || country === 'ZZ') return null;
  const named = fields['city'];
  const city = typeof named === 'string' ? named : fieldsOf(fieldsOf(named)['names'])['en'];
  const cleaned = typeof city === 'string' ? displayText(city, NAME_MAX) : '';
  const at = 'location' in fields ? fieldsOf(fields['location']) : fields;
  const latitude = degrees(at['latitude'], 90);
  const longitude = degrees(at['longitude'], 180);
  // Without a city the coordinates are the middle of a country, which is no place to measure a journey from.
  if (!cleaned || latitude === null || longitude === null)
    return { country, city: cleaned || null, latitude: null, longitude: null };
  return { country, city: cleaned, latitude, longitude };
}

function degrees(value: unknown, limit: number): number | null {
  const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof read === 'number' && Math.abs(read) <= limit ? read : null;
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'MODULE_NOT_FOUND') return 'is not there';
  if (code) return `cannot be read (${code})`;
  return message.includes('gzip')
    ? 'is compressed: unpack it first'
    : 'is not a file in the MaxMind DB format (.mmdb), or is damaged';
}
