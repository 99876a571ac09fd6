import { CompactSign, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import type { KeptApproval } from './approval';
import { judgeAnswer, messageHash, type AnsweringDevice } from './approval-answer';
import { algorithmOf, publicJwk } from './device-key';

const NOW = new Date('2026-11-24T09:30:00Z');
const IAT = NOW.getTime() / 1000;
const AUDIENCE = 'https://id.example.com';

const approval: KeptApproval = {
  challengeId: 'chl_00000000000000000000000001',
  deviceId: 'dev_00000000000000000000000001',
  deviceName: 'Pixel 9',
  number: '07',
  digits: 2,
  nonce: 'Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE',
  purpose: 'SIGN_IN',
  applicationName: 'Example App',
  message: null,
  context: { ipAddress: '192.0.2.1', location: null, browser: 'Firefox 140', operatingSystem: 'Linux' },
};
const asked: KeptApproval = { ...approval, message: 'Pay €500 to Bob' };

interface Phone extends AnsweringDevice {
  readonly privateKey: CryptoKey;
}

async function phone(algorithm: 'ES256' | 'Ed25519'): Promise<Phone> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm);
  return { id: approval.deviceId, publicJwk: publicJwk.parse(await exportJWK(publicKey)), privateKey };
}

const answerTo = (question: KeptApproval, changes: object = {}): object => ({
  aud: AUDIENCE,
  iat: IAT,
  approvalId: question.challengeId,
  nonce: question.nonce,
  decision: 'APPROVE',
  number: question.number,
  ...(question.message === null ? {} : { messageHash: messageHash(question.message) }),
  ...changes,
});

const sign = (signer: Phone, payload: object, header: object = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({
      alg: algorithmOf(signer.publicJwk),
      typ: 'approval+jwt',
      kid: signer.id,
      ...header,
    })
    .sign(signer.privateKey);

describe.each(['ES256', 'Ed25519'] as const)('an answer signed with %s', (algorithm) => {
  let device: Phone;
  beforeAll(async () => {
    device = await phone(algorithm);
  });

  const judge = async (payload: object, question = approval, header: object = {}) =>
    judgeAnswer(await sign(device, payload, header), question, device, AUDIENCE, NOW);

  /** Refused in a way that leaves the question open. */
  const isRefused = async (payload: object, question = approval, header: object = {}) => {
    const verdict = await judge(payload, question, header);
    return !verdict.accepted && verdict.ends === undefined;
  };

  it('approves with the number of the login screen', async () => {
    expect(await judge(answerTo(approval))).toEqual({ accepted: true });
    expect(await judge(answerTo(asked), asked)).toEqual({ accepted: true });
  });

  it('ends the question with a wrong number', async () => {
    for (const number of ['70', '7', '007', '', '07 ']) {
      expect(await judge(answerTo(approval, { number }))).toMatchObject({ ends: 'NUMBER_MISMATCH' });
    }
  });

  it('does not approve without a number', async () => {
    expect(await isRefused(answerTo(approval, { number: undefined }))).toBe(true);
    expect(await isRefused(answerTo(approval, { number: 7 }))).toBe(true);
  });

  it('denies and reports without a number', async () => {
    const answer = (decision: string) => judge(answerTo(approval, { decision, number: undefined }));
    expect(await answer('DENY')).toMatchObject({ accepted: false, ends: 'USER_DENIED' });
    expect(await answer('REPORT')).toMatchObject({ accepted: false, ends: 'USER_REPORTED' });
  });

  it.each([
    ['another audience', { aud: 'https://id.example.org' }],
    ['a list of audiences', { aud: [AUDIENCE] }],
    ['an old iat', { iat: IAT - 121 }],
    ['a future iat', { iat: IAT + 121 }],
    ['no iat', { iat: undefined }],
    ['another approval', { approvalId: 'chl_00000000000000000000000002' }],
    ['another nonce', { nonce: approval.nonce.replace('Z', 'Y') }],
    ['no nonce', { nonce: undefined }],
    ['an unknown decision', { decision: 'approve' }],
    ['a hash where there is no message', { messageHash: messageHash('Pay €500 to Bob') }],
    ['a member nobody knows', { amount: 500 }],
  ])('is refused for %s, whatever it decides', async (_, change) => {
    for (const decision of ['APPROVE', 'DENY', 'REPORT']) {
      expect(await isRefused(answerTo(approval, { decision, ...change }))).toBe(true);
    }
  });

  it('is refused where the message was another, or none', async () => {
    expect(await isRefused(answerTo(asked, { messageHash: undefined }), asked)).toBe(true);
    expect(await isRefused(answerTo(asked, { messageHash: messageHash('Pay €900 to Bob') }), asked)).toBe(
      true,
    );
  });

  it('stands for 120 seconds either way', async () => {
    expect(await judge(answerTo(approval, { iat: IAT - 120 }))).toEqual({ accepted: true });
    expect(await judge(answerTo(approval, { iat: IAT + 120 }))).toEqual({ accepted: true });
  });

  it('does not answer another question, even with its id in the clear', async () => {
    const second = { ...approval, challengeId: 'chl_00000000000000000000000002', nonce: 'other' };
    expect(await isRefused(answerTo(approval), second)).toBe(true);
    expect(await isRefused(answerTo(approval, { approvalId: second.challengeId }), second)).toBe(true);
  });

  it.each([
    ['another type', { typ: 'device+jwt' }],
    ['no type', { typ: undefined }],
    ['another device', { kid: 'dev_00000000000000000000000002' }],
    ['no device', { kid: undefined }],
    [
      'a key of its own',
      { jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } },
    ],
    ['an address of keys', { jku: 'https://evil.example/keys' }],
    ['an address of certificates', { x5u: 'https://evil.example/cert' }],
  ])('is refused for a header with %s', async (_, header) => {
    expect(await isRefused(answerTo(approval), approval, header)).toBe(true);
  });

  it('is refused when any one bit of its payload is flipped', async () => {
    const [header = '', body = '', signature = ''] = (await sign(device, answerTo(asked))).split('.');
    const bytes = Buffer.from(body, 'base64url');
    const accepted: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const jws = [header, flipped.toString('base64url'), signature].join('.');
      const verdict = await judgeAnswer(jws, asked, device, AUDIENCE, NOW);
      if (verdict.accepted || verdict.ends) accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it('is refused from another key', async () => {
    const stranger = await phone(algorithm);
    const verdict = await judgeAnswer(
      await sign(stranger, answerTo(approval)),
      approval,
      device,
      AUDIENCE,
      NOW,
    );
    expect(verdict).toMatchObject({ accepted: false, why: 'wrong signature' });
  });
});

it('an answer in the other algorithm is refused, though that key signed it well', async () => {
  const [registered, other] = [await phone('ES256'), await phone('Ed25519')];
  const jws = await sign(other, answerTo(approval));
  expect(await judgeAnswer(jws, approval, registered, AUDIENCE, NOW)).toMatchObject({ why: 'wrong header' });
  const posing = await sign(other, answerTo(approval)).then((text) => {
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'approval+jwt', kid: registered.id }));
    return [header.toString('base64url'), ...text.split('.').slice(1)].join('.');
  });
  expect(await judgeAnswer(posing, approval, registered, AUDIENCE, NOW)).toMatchObject({
    why: 'wrong signature',
  });
});

it.each([
  ['no signature', { alg: 'none' }],
  ['a shared secret', { alg: 'HS256' }],
  ['a critical extension', { crit: ['exp'], exp: IAT + 60 }],
])('an answer whose header asks for %s is refused before the signature is looked at', async (_, change) => {
  const device = await phone('ES256');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = part({ alg: 'ES256', typ: 'approval+jwt', kid: device.id, ...change });
  const verdict = await judgeAnswer(
    `${header}.${part(answerTo(approval))}.AA`,
    approval,
    device,
    AUDIENCE,
    NOW,
  );
  expect(verdict).toMatchObject({ accepted: false, why: 'wrong header' });
});
