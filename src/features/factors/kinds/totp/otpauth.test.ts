import { readMigration, readOtpauth } from './otpauth';

/** What Google Authenticator showed for one account named Example:alice@google.com. */
const MIGRATION =
  'otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZSABKAEwAhABGAEgACjr4JKK%2B%2F%2F%2F%2F%2F8B';

describe('accounts of authenticator apps', () => {
  it('are read from a link with what is usual where it says nothing', () => {
    expect(
      readOtpauth('otpauth://totp/Example:alice@example.com?secret=jbsw%20y3dp-ehpk3pxp&issuer=Example'),
    ).toEqual({
      secret: 'JBSWY3DPEHPK3PXP',
      algorithm: 'SHA1',
      digits: 6,
      periodSeconds: 30,
      issuer: 'Example',
    });
    expect(readOtpauth('otpauth://totp/x?secret=AA&algorithm=sha-256&digits=8&period=60')).toMatchObject({
      algorithm: 'SHA256',
      digits: 8,
      periodSeconds: 60,
      issuer: null,
    });
  });

  it.each(['', 'x', 'otpauth://hotp/x?secret=AA&counter=1', 'https://totp/x?secret=AA'])(
    'are not read from %s',
    (uri) => {
      expect(readOtpauth(uri)).toBeUndefined();
    },
  );

  it('are read from an export of Google Authenticator', () => {
    const account = {
      secret: 'JBSWY3DPEHPK3PXP',
      algorithm: 'SHA1',
      digits: 6,
      periodSeconds: 30,
      issuer: 'Example',
    };
    expect(readMigration(MIGRATION)).toEqual([account]);
    // A plus that was not escaped is a blank to URL parsers.
    expect(readMigration(decodeURIComponent(MIGRATION))).toEqual([account]);
  });

  it('that count instead of following the clock are left out', () => {
    const account = Buffer.concat([Buffer.from([0x0a, 16]), Buffer.alloc(16, 7), Buffer.from([0x30, 0x01])]);
    const payload = Buffer.concat([Buffer.from([0x0a, account.length]), account]);
    expect(readMigration(`otpauth-migration://offline?data=${payload.toString('base64')}`)).toEqual([]);
  });

  it.each([
    ['no data', 'otpauth-migration://offline'],
    ['a length beyond its end', 'otpauth-migration://offline?data=CjEKCkhl'],
    [
      'a number without an end',
      `otpauth-migration://offline?data=${Buffer.alloc(12, 0xff).toString('base64')}`,
    ],
    ['another scheme', MIGRATION.replace('migration', 'other')],
  ])('are not read from %s', (_, uri) => {
    expect(readMigration(uri)).toBeUndefined();
  });
});
