import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { maxmindCity, mmdb, type MmdbValue } from '../../../test/support/mmdb';
import { Places } from './places';

const ADDRESS = '198.51.100.7';
const SWISS = { country: 'CH', city: null, latitude: null, longitude: null };
const ZURICH = { country: 'CH', city: 'Zurich', latitude: 47.3, longitude: 8.5 };

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'places-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function written(content: string | Buffer): string {
  const path = join(folder, 'tried.mmdb');
  writeFileSync(path, content);
  return path;
}
const placeOf = async (record: MmdbValue, address = ADDRESS) =>
  (await Places.open(written(mmdb({ '198.51.100.0/24': record })))).of(address);

describe('places of addresses', () => {
  it('know the country of public addresses from the shipped file', async () => {
    const places = await Places.open(undefined);
    expect(places.of('129.132.19.216')).toEqual(SWISS);
    expect(places.of('2001:67c:10ec::1')).toEqual(SWISS);
    expect(places.of('::ffff:129.132.19.216')).toEqual(SWISS);
  });

  it.each([
    ...[
      '127.0.0.1',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '240.0.0.1',
    ],
    ...[
      '::',
      '::1',
      'fe80::1',
      'fe80::1%eth0',
      'fd12::1',
      'ff02::1',
      '::ffff:192.168.1.1',
      '::ffff:c0a8:101',
    ],
  ])('are nowhere for %s, whatever a file says', async (address) => {
    expect((await Places.open(undefined)).of(address)).toBeNull();
    const everywhere = written(mmdb({ '::/1': { country_code: 'CH' }, '8000::/1': { country_code: 'CH' } }));
    const places = await Places.open(everywhere);
    expect(places.of('192.0.2.1')).toEqual(SWISS);
    expect(places.of('2001:db8::1')).toEqual(SWISS);
    expect(places.of(address)).toBeNull();
  });

  it('are nowhere for what is no address', async () => {
    const places = await Places.open(undefined);
    const odd = [
      '',
      ' ',
      'nonsense',
      '999.1.1.1',
      '1.2.3',
      '[::1]',
      '8.8.8.8, 8.8.4.4',
      '%',
      '\0',
      'x'.repeat(9999),
    ];
    for (const text of [null, ...odd]) expect(places.of(text)).toBeNull();
  });

  it("reads MaxMind's layout and the flat one, numbers also as texts", async () => {
    expect(await placeOf(maxmindCity('CH', 'Zurich', 47.3, 8.5))).toEqual(ZURICH);
    const flat = { country_code: 'CH', city: 'Zurich', state1: 'Zurich', postcode: '8001' };
    expect(await placeOf({ ...flat, latitude: 47.3, longitude: 8.5 })).toEqual(ZURICH);
    expect(await placeOf({ ...flat, latitude: '47.3', longitude: '8.5' })).toEqual(ZURICH);
    expect(await placeOf({ country_code: 'CH' })).toEqual(SWISS);
    expect(await placeOf({ country: { iso_code: 'CH' } })).toEqual(SWISS);
  });

  it('has coordinates of cities only: the middle of a country is no place to travel from', async () => {
    const location = { latitude: 47, longitude: 8 };
    expect(await placeOf({ country: { iso_code: 'CH' }, location })).toEqual(SWISS);
    expect(await placeOf({ country_code: 'CH', city: '', latitude: '47', longitude: '8' })).toEqual(SWISS);
  });

  it('drops what makes no sense in a record and keeps the rest', async () => {
    const noCoordinates = { ...ZURICH, latitude: null, longitude: null };
    for (const latitude of ['', 'north', 91, -91, { deep: 1 }])
      expect(await placeOf({ country_code: 'CH', city: 'Zurich', latitude, longitude: 8.5 })).toEqual(
        noCoordinates,
      );
    expect(await placeOf({ country_code: 'CH', city: ' Zu\u202erich\n ' })).toMatchObject({
      city: 'Zu rich',
    });
    expect((await placeOf({ country_code: 'CH', city: 'x'.repeat(100) }))?.city).toHaveLength(60);
    expect(await placeOf({ country_code: 'CH', city: { names: { de: 'Zürich' } } })).toEqual(SWISS);
    const odd = [{}, 'CH', 1, [], { country_code: 'ZZ' }, { country_code: 'che' }, { country: 'CH' }];
    for (const record of odd as MmdbValue[]) expect(await placeOf(record)).toBeNull();
  });

  it('takes the narrowest network and knows nothing beside it', async () => {
    const networks = {
      '198.51.100.128/25': { country_code: 'DE' },
      '198.51.100.0/24': { country_code: 'CH' },
      '2001:db8:1::/48': { country_code: 'FR' },
    };
    const places = await Places.open(written(mmdb(networks)));
    const country = (address: string) => places.of(address)?.country;
    expect(['198.51.100.127', '198.51.100.128', '2001:db8:1::9'].map(country)).toEqual(['CH', 'DE', 'FR']);
    expect(['198.51.101.1', '2001:db8:2::1'].map(country)).toEqual([undefined, undefined]);
  });

  it('answers null where a record is damaged', async () => {
    const file = mmdb({ '198.51.100.0/24': { country_code: 'CH' } });
    file.fill(0, file.indexOf('country_code') - 2, file.indexOf('country_code'));
    expect((await Places.open(written(file))).of(ADDRESS)).toBeNull();
  });
});

describe('a file of places that cannot be used stops the start and names the setting', () => {
  const whole = mmdb({ '198.51.100.0/24': { country_code: 'CH' } });
  it.each([
    ['is empty', '', /PLACES_FILE: .*not a file in the MaxMind DB format/],
    ['is a text', 'hello', /PLACES_FILE: .*not a file in the MaxMind DB format/],
    ['is cut short', whole.subarray(0, whole.length / 2), /PLACES_FILE: .*damaged/],
    ['is compressed', Buffer.from('1f8b0800', 'hex'), /PLACES_FILE: .*compressed: unpack it/],
  ])('if it %s', async (_, content, said) => {
    await expect(Places.open(written(content))).rejects.toThrow(said);
  });

  it('if it is absent, or a folder', async () => {
    await expect(Places.open(join(folder, 'none.mmdb'))).rejects.toThrow(
      /PLACES_FILE: .*none\.mmdb is not there/,
    );
    await expect(Places.open(folder)).rejects.toThrow(/PLACES_FILE: .*cannot be read \(EISDIR\)/);
  });
});
