import { isInNetworks, isNetwork } from './networks';

describe('networks', () => {
  test.each([
    ['203.0.113.0/24', '203.0.113.0'],
    ['203.0.113.0/24', '203.0.113.255'],
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/32', '203.0.113.7'],
    ['203.0.113.99/24', '203.0.113.1'],
    ['0.0.0.0/0', '198.51.100.1'],
    ['2001:db8::/32', '2001:db8:ffff::1'],
    ['2001:db8::/32', '2001:0DB8:0:0:0:0:0:1'],
    ['2001:db8::1', '2001:db8::1'],
    ['203.0.113.0/24', '::ffff:203.0.113.7'],
    ['203.0.113.0/24', '::ffff:cb00:7107'],
  ])('%s holds %s', (network, address) => {
    expect(isInNetworks(address, [network])).toBe(true);
  });

  test.each([
    ['203.0.113.0/24', '203.0.112.255'],
    ['203.0.113.0/24', '203.0.114.0'],
    ['203.0.113.7', '203.0.113.8'],
    ['2001:db8::/32', '2001:db9::1'],
    ['2001:db8::1', '2001:db8::2'],
    ['0.0.0.0/0', '2001:db8::1'],
    ['203.0.113.0/24', '::ffff:203.0.114.7'],
    ['203.0.113.0/24', null],
    ['0.0.0.0/0', ''],
    ['0.0.0.0/0', 'localhost'],
  ])('%s does not hold %s', (network, address) => {
    expect(isInNetworks(address, [network])).toBe(false);
  });

  test('any of the list is enough', () => {
    const listed = ['198.51.100.0/24', '203.0.113.0/24'];
    expect(isInNetworks('203.0.113.7', listed)).toBe(true);
    expect(isInNetworks('203.0.113.7', [])).toBe(false);
  });

  test.each(['203.0.113.0/33', '2001:db8::/129', '203.0.113.0/', '203.0.113.0/-1', '203.0.113.0/24/24'])(
    '%s is none',
    (text) => expect(isNetwork(text)).toBe(false),
  );
  test.each(['', 'all', '203.0.113', '203.0.113.0/2e1', '203.0.113.0/ 24', '0x7f.0.0.1', '010.0.0.1'])(
    '"%s" is none',
    (text) => expect(isNetwork(text)).toBe(false),
  );
});
