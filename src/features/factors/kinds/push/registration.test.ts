import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { possessionFault, registration, type Registration } from './registration';

const NOW = new Date('2026-11-24T09:30:00Z');
const IAT = NOW.getTime() / 1000;
const expected = { pairingToken: 'pairing-token', audience: 'https://id.example.com' };
const claims = { pairingToken: expected.pairingToken, aud: expected.audience, iat: IAT };

interface Phone {
  readonly alg: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

async function phone(algorithm: 'ES256' | 'Ed25519'): Promise<Phone> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  return { alg: algorithm === 'ES256' ? 'ES256' : 'EdDSA', jwk: await exportJWK(publicKey), privateKey };
}

async function sent(signer: Phone, payload: object, header: object = {}): Promise<Registration> {
  const proof = await new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: signer.alg, typ: 'device-registration+jwt', ...header })
    .sign(signer.privateKey);
  const rest = { platform: 'ANDROID', name: '  Pixel\u202e 9 ', pairingToken: expected.pairingToken };
  return registration.parse({ ...rest, publicKey: signer.jwk, proof });
}

describe.each(['ES256', 'Ed25519'] as const)('a registration with a key for %s', (algorithm) => {
  it('proves that the device holds the private key', async () => {
    expect(await possessionFault(await sent(await phone(algorithm), claims), expected, NOW)).toBeUndefined();
  });

  it('can be read twice, since the engine reads it again', async () => {
    const given = await sent(await phone(algorithm), claims);
    expect(registration.parse(given)).toEqual(given);
    expect(given.name).toBe('Pixel 9');
  });

  it.each([
    ['another audience', { aud: 'https://id.example.org' }],
    ['another pairing', { pairingToken: 'another-token' }],
    ['an old proof', { iat: IAT - 61 }],
    ['a future proof', { iat: IAT + 61 }],
    ['no time', { iat: undefined }],
    ['a member nobody knows', { sub: 'ada' }],
  ])('is refused for %s', async (_, change) => {
    const given = await sent(await phone(algorithm), { ...claims, ...change });
    expect(await possessionFault(given, expected, NOW)).toBeDefined();
  });

  it.each([
    ['another type', { typ: 'approval+jwt' }],
    ['no type', { typ: undefined }],
    ['a key in the header', { jwk: {} }],
  ])('is refused for a header with %s', async (_, header) => {
    const given = await sent(await phone(algorithm), claims, header);
    expect(await possessionFault(given, expected, NOW)).toBe('wrong header');
  });

  it('is refused for a key that did not sign it', async () => {
    const [holder, claimant] = [await phone(algorithm), await phone(algorithm)];
    const given = await sent({ ...holder, jwk: claimant.jwk }, claims);
    expect(await possessionFault(given, expected, NOW)).toBe('wrong signature');
  });
});

it('a registration names every mistake', () => {
  const parsed = registration.safeParse({
    pairingToken: 'x',
    publicKey: { kty: 'oct', k: 'c2VjcmV0' },
    proof: 'no JWS',
    platform: 'SYMBIAN',
    name: '\u202e \n',
    pushToken: '',
  });
  const paths = parsed.error?.issues.map((issue) => issue.path.join('.')).sort();
  expect(paths).toEqual(['name', 'platform', 'proof', 'publicKey', 'pushToken']);
});
