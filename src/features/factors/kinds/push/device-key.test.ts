import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { algorithmOf, publicJwk, thumbprintOf, verificationKey } from './device-key';

async function keyPair(
  algorithm: string,
  options: object = {},
): Promise<{ publicKey: JWK; privateKey: JWK }> {
  const pair = await generateKeyPair(algorithm, { extractable: true, ...options });
  return { publicKey: await exportJWK(pair.publicKey), privateKey: await exportJWK(pair.privateKey) };
}

const isAccepted = (jwk: unknown): boolean => publicJwk.safeParse(jwk).success;

describe('the key of a device', () => {
  it.each([
    ['ES256', 'ES256'],
    ['Ed25519', 'EdDSA'],
  ])('may be for %s', async (made, used) => {
    const { publicKey } = await keyPair(made);
    expect(algorithmOf(publicJwk.parse(publicKey))).toBe(used);
  });

  it('is kept without the members that do not name it', async () => {
    const { publicKey } = await keyPair('ES256');
    const sent = { ...publicKey, alg: 'ES256', use: 'sig', key_ops: ['verify'], ext: true, kid: 'mine' };
    expect(Object.keys(publicJwk.parse(sent)).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  });

  it.each(['ES256', 'Ed25519'])('is refused with its private part (%s)', async (algorithm) => {
    const { privateKey } = await keyPair(algorithm);
    expect(isAccepted(privateKey)).toBe(false);
  });

  it('is refused for every other algorithm', async () => {
    const others = [
      (await keyPair('ES384')).publicKey,
      (await keyPair('RS256')).publicKey,
      (await keyPair('ECDH-ES', { crv: 'X25519' })).publicKey,
      { kty: 'oct', k: 'c2VjcmV0' },
      { ...(await keyPair('ES256')).publicKey, alg: 'ES384' },
      { ...(await keyPair('ES256')).publicKey, use: 'enc' },
    ];
    expect(others.map(isAccepted)).toEqual(others.map(() => false));
  });

  it('is refused in a second spelling, which would have a second thumbprint', async () => {
    const { publicKey } = await keyPair('Ed25519');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const x = publicKey.x ?? '';
    const last = alphabet.indexOf(x.slice(-1));
    const respelled = x.slice(0, -1) + (alphabet[last ^ 1] ?? '');
    expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(x, 'base64url'));
    expect(isAccepted({ ...publicKey, x: respelled })).toBe(false);
  });

  it('is not usable when its coordinates are no point of the curve', async () => {
    const { publicKey } = await keyPair('ES256');
    const beside = publicJwk.parse({ ...publicKey, y: publicKey.x });
    await expect(verificationKey(beside)).rejects.toThrow();
  });

  it('has the thumbprint of RFC 8037, appendix A.3', async () => {
    const key = publicJwk.parse({
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    });
    expect(await thumbprintOf(key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});
