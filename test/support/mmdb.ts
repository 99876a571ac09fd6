/** Writes small files in the MaxMind DB format 2.0: a binary tree of address bits, then the records. */
import { rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from './server-process';

export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [name: string]: MmdbValue };
/** Records by network, as `{ '203.0.113.0/24': { country_code: 'CH' } }`; the narrower network wins. */
export type Networks = Readonly<Record<string, MmdbValue>>;

/** A city in MaxMind's own layout. */
export const maxmindCity = (country: string, city: string, latitude: number, longitude: number) => ({
  country: { iso_code: country, names: { en: country } },
  city: { names: { en: city } },
  location: { latitude, longitude, accuracy_radius: 20 },
});

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** A file for the setting PLACES_FILE, removed after the test file that asked for it. */
export function placesFile(networks: Networks): string {
  const folder = temporaryFolder('places');
  folders.push(folder);
  const path = join(folder, 'places.mmdb');
  writeFileSync(path, mmdb(networks));
  return path;
}

/** Two branches, by the next bit of the address: a further fork, a record's offset, or nothing known. */
type Fork = [Branch, Branch];
type Branch = Fork | number | undefined;

export function mmdb(networks: Networks): Buffer {
  const root: Fork = [undefined, undefined];
  const records: Buffer[] = [];
  let offset = 0;
  const widestFirst = Object.entries(networks).sort(([a], [b]) => bitsOf(a).length - bitsOf(b).length);
  for (const [network, record] of widestFirst) {
    plant(root, bitsOf(network), offset);
    const encoded = encode(record);
    records.push(encoded);
    offset += encoded.length;
  }
  const { tree, nodeCount } = treeOf(root);
  const about = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 0,
    database_type: 'Test-City',
    description: {},
    ip_version: 6,
    languages: ['en'],
    node_count: nodeCount,
    record_size: 32,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...records, marker, about]);
}

function bitsOf(network: string): string {
  const [address = '', length] = network.split('/');
  const isShort = isIP(address) === 4;
  // An IPv4 address stands in the last 32 bits.
  const hex = isShort ? '0'.repeat(24) + hexOfIpv4(address) : hexOfIpv6(address);
  const bits = [...hex].map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return bits.slice(0, Number(length) + (isShort ? 96 : 0));
}

const hexOfIpv4 = (address: string): string =>
  address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');

function hexOfIpv6(address: string): string {
  const [head = [], tail = []] = address.split('::').map((side) => side.split(':').filter(Boolean));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return groups.map((group) => group.padStart(4, '0')).join('');
}

function plant(root: Fork, bits: string, record: number): void {
  let fork = root;
  for (const bit of bits.slice(0, -1)) {
    const side = Number(bit) as 0 | 1;
    const branch = fork[side];
    // Where a wider network ends, its record goes on around the narrower one.
    const next: Fork = Array.isArray(branch) ? branch : [branch, branch];
    fork[side] = next;
    fork = next;
  }
  fork[Number(bits.at(-1)) as 0 | 1] = record;
}

function treeOf(root: Fork): { readonly tree: Buffer; readonly nodeCount: number } {
  const forks: Fork[] = [root];
  for (const fork of forks) forks.push(...fork.filter((branch) => Array.isArray(branch)));
  const places = new Map(forks.map((fork, place) => [fork, place]));
  const tree = Buffer.alloc(forks.length * 8);
  forks.forEach((fork, place) =>
    fork.forEach((branch, side) => {
      const value =
        typeof branch === 'number'
          ? forks.length + 16 + branch
          : ((branch && places.get(branch)) ?? forks.length);
      tree.writeUInt32BE(value, place * 8 + side * 4);
    }),
  );
  return { tree, nodeCount: forks.length };
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([control(2, text.length), text]);
  }
  if (typeof value === 'number') {
    const isCount = Number.isInteger(value) && value >= 0;
    const bytes = Buffer.alloc(isCount ? 4 : 8);
    if (isCount) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([control(isCount ? 6 : 3, bytes.length), bytes]);
  }
  if (isList(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const pairs = Object.entries(value).flatMap(([name, inner]) => [encode(name), encode(inner)]);
  return Buffer.concat([control(7, pairs.length / 2), ...pairs]);
}

const isList = (value: MmdbValue): value is readonly MmdbValue[] => Array.isArray(value);

/** Type and size; a type above 7 and a size above 28 take a byte more. */
function control(type: number, size: number): Buffer {
  const short = Math.min(size, 29);
  const first = type > 7 ? [short, type - 7] : [(type << 5) | short];
  return Buffer.from(size > 28 ? [...first, size - 29] : first);
}
