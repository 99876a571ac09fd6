import { loadConfig } from '../../../config';
import { WebhookAddresses } from './webhook-address';
import { webhookSettings } from './webhook.config';

const of = (privateNetworks: readonly string[] = [], isLoopbackAllowed = false) =>
  new WebhookAddresses({ privateNetworks, isLoopbackAllowed });

describe('the addresses of webhooks', () => {
  it.each([
    '10.1.2.3',
    '127.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '192.168.1.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
  ])('%s is not reached', (address) => expect(of().isReachable(address)).toBe(false));

  it('public ones are', () => {
    expect(['8.8.8.8', '2606:4700::1111'].map((address) => of().isReachable(address))).toEqual([true, true]);
  });

  it('a private network that is named is reached, and no other', () => {
    const addresses = of(['10.20.0.0/16', 'fd12:3456::/32']);
    const reached = ['10.20.1.1', 'fd12:3456::9', '10.21.0.1', '::ffff:10.20.1.1', '127.0.0.1'];
    expect(reached.map((address) => addresses.isReachable(address))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(addresses.faultOf(new URL('https://10.20.1.1/'))).toBeUndefined();
    expect(addresses.faultOf(new URL('http://10.20.1.1/'))).toBe('must be https');
  });

  it('this machine is reached outside production only, and there without TLS', () => {
    expect(of([], true).faultOf(new URL('http://127.0.0.1:9/'))).toBeUndefined();
    expect(of([], true).faultOf(new URL('http://localhost:9/'))).toBeUndefined();
    expect(of([], true).faultOf(new URL('http://192.168.1.1/'))).toBe('must be https');
    expect(of().faultOf(new URL('http://localhost:9/'))).toBe('must be https');
    expect(of().faultOf(new URL('https://127.1/'))).toBe('is no public address');
  });

  it.each([
    '169.254.0.0/16',
    '0.0.0.0/0',
    '::/0',
    'fe80::/64',
    '224.0.0.0/4',
    'fd00:ec2::/32',
    'intranet',
    '10.0.0.0',
  ])('WEBHOOK_ALLOW_PRIVATE refuses %s', (text) =>
    expect(() => loadConfig([webhookSettings], { WEBHOOK_ALLOW_PRIVATE: text })).toThrow(
      'WEBHOOK_ALLOW_PRIVATE',
    ),
  );

  it('WEBHOOK_ALLOW_PRIVATE takes networks joined by commas', () => {
    const { allowPrivate } = loadConfig([webhookSettings], {
      WEBHOOK_ALLOW_PRIVATE: '10.20.0.0/16, fd12:3456::/32',
    }).of(webhookSettings);
    expect(allowPrivate).toEqual(['10.20.0.0/16', 'fd12:3456::/32']);
  });
});
