import { parseForeignHash } from './foreign-hash';

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '');
/** RFC 7914 §12. */
const SCRYPT = base64(
  '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
);
/** RFC 7914 §11. */
const PBKDF2 = base64(
  '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
);
const SALT = Buffer.from('SodiumChloride').toString('base64').replace(/=+$/, '');

describe('password hashes of other systems', () => {
  it.each([
    [
      'argon2',
      'argon2id of the reference implementation',
      'password',
      '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['bcrypt', 'bcrypt of Openwall', 'U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['scrypt', 'scrypt, PHC', 'pleaseletmein', `$scrypt$ln=14,r=8,p=1$${SALT}$${SCRYPT}`],
    [
      'scrypt',
      'scrypt, as Kratos writes it',
      'pleaseletmein',
      `$scrypt$ln=16384,r=8,p=1$${SALT}==$${SCRYPT}==`,
    ],
    ['pbkdf2', 'PBKDF2', 'Password', `$pbkdf2-sha256$i=80000,l=64$TmFDbA$${PBKDF2}`],
    ['pbkdf2', 'PBKDF2 without a length', 'Password', `$pbkdf2-sha256$i=80000$TmFDbA==$${PBKDF2}==`],
  ])('are compared: %s, %s', async (scheme, _, password, hash) => {
    const foreign = parseForeignHash(hash);
    if ('fault' in foreign) throw new Error(foreign.fault);
    expect(foreign.scheme).toBe(scheme);
    expect(await foreign.verify(password)).toBe(true);
    expect(await foreign.verify(`${password}x`)).toBe(false);
  });

  it('bcrypt prefixes of other systems mean the same', async () => {
    for (const prefix of ['2a', '2b', '2y']) {
      const foreign = parseForeignHash(`$${prefix}$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`);
      expect(await ('verify' in foreign && foreign.verify('U*U'))).toBe(true);
    }
  });

  it.each([
    [
      'argon2 with more than 256 MiB',
      '$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    [
      'argon2 with too many passes',
      '$argon2id$v=19$m=65536,t=17,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['bcrypt of cost 15', '$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['scrypt with more than 256 MiB', `$scrypt$ln=19,r=8,p=1$${SALT}$${SCRYPT}`],
    ['scrypt with too much work', `$scrypt$ln=18,r=8,p=5$${SALT}$${SCRYPT}`],
    ['PBKDF2 with more than 5 million rounds', `$pbkdf2-sha256$i=5000001$TmFDbA$${PBKDF2}`],
  ])('are refused where comparing would cost too much: %s', (_, hash) => {
    expect(parseForeignHash(hash)).toEqual({ fault: 'this hash is too costly to compare with' });
  });

  it.each([
    '',
    'password',
    '$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$2b$05$tooshort',
    '$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    `$scrypt$ln=16383,r=8,p=1$${SALT}$${SCRYPT}`,
    `$scrypt$ln=14,r=8,p=1$${SALT}$c2hvcnQ`,
    `$pbkdf2-md5$i=1000$TmFDbA$${PBKDF2}`,
    `$pbkdf2-sha256$i=0$TmFDbA$${PBKDF2}`,
    '5f4dcc3b5aa765d61d8327deb882cf99',
    `$2b$${'1'.repeat(2000)}`,
  ])('are refused in other forms: %s', (hash) => {
    expect(parseForeignHash(hash)).toEqual({ fault: 'this is no hash of a form that is known' });
  });
});
