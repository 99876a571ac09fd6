import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compactVerify, importJWK, type JWK } from 'jose';
import { TerminalDevice, readPairingUri, type Approval } from './terminal-device';

const NOW = new Date('2026-11-24T09:30:00Z');
const IAT = NOW.getTime() / 1000;
const GATEWAY = 'https://id.example.com';
const clock = { now: () => NOW };

interface Request {
  readonly authorization: string | undefined;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The other end of the wire: keeps what a device sends, and answers as the gateway does. */
class Wire {
  readonly requests: Request[] = [];
  reply: object = {};
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { variables } = JSON.parse(body) as { variables?: { input: Request['input'] } };
      this.requests.push({ authorization: request.headers.authorization, input: variables?.input ?? {} });
      response.setHeader('content-type', 'application/json').end(JSON.stringify(this.reply));
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((opened) => this.server.listen(0, '127.0.0.1', opened));
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}/graphql`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}

const approval: Approval = {
  id: 'chl_00000000000000000000000001',
  status: 'PENDING',
  purpose: 'STEP_UP',
  applicationName: 'Example App',
  message: 'Pay €500 to Bob',
  nonce: 'nonce',
  numberDigits: 2,
  createdAt: NOW,
  expiresAt: NOW,
  context: { ipAddress: null, location: null, browser: null, operatingSystem: null },
};

describe.each(['ES256', 'EdDSA'] as const)('a terminal that signs with %s', (algorithm) => {
  const wire = new Wire();
  let url: string;
  let device: TerminalDevice;
  let publicKey: JWK;
  beforeAll(async () => {
    url = await wire.open();
    wire.reply = { data: { registerDevice: { device: { id: 'dev_1', name: 'Terminal' }, errors: [] } } };
    const link = `factorgate://pair?token=pairing-token&gateway=${encodeURIComponent(GATEWAY)}`;
    device = await TerminalDevice.pair(link, { name: 'Terminal', algorithm, graphqlUrl: url, clock });
    publicKey = wire.requests[0]?.input.publicKey as JWK;
  });
  afterAll(() => wire.close());

  const opened = async (jws: unknown) => {
    const { protectedHeader, payload } = await compactVerify(
      String(jws),
      await importJWK(publicKey, algorithm),
    );
    return { header: protectedHeader, claims: JSON.parse(Buffer.from(payload).toString()) as unknown };
  };

  it('registers a public key, and proves that it holds the private one', async () => {
    const input = wire.requests[0]?.input;
    expect(input).toMatchObject({ pairingToken: 'pairing-token', platform: 'WEB', name: 'Terminal' });
    expect(publicKey).not.toHaveProperty('d');
    expect(await opened(input?.proof)).toEqual({
      header: { alg: algorithm, typ: 'device-registration+jwt' },
      claims: { pairingToken: 'pairing-token', aud: GATEWAY, iat: IAT },
    });
  });

  it('calls with a new credential each time', async () => {
    wire.reply = { data: { viewerDevice: { id: 'dev_1', approvals: [] } } };
    await device.approvals();
    await device.approvals();
    const [first, second] = wire.requests.slice(-2).map(({ authorization }) => authorization);
    expect(first).not.toBe(second);
    const { header, claims } = await opened(first?.replace(/^Device /, ''));
    expect(header).toEqual({ alg: algorithm, typ: 'device+jwt', kid: 'dev_1' });
    expect(claims).toEqual({ aud: GATEWAY, iat: IAT, exp: IAT + 60, jti: expect.any(String) as string });
  });

  it('signs the decision over all that it was asked', async () => {
    wire.reply = {
      data: { respondToApproval: { approval: { id: approval.id, status: 'APPROVED' }, errors: [] } },
    };
    expect((await device.respond(approval, 'APPROVE', '07')).approval?.status).toBe('APPROVED');
    expect(await opened(wire.requests.at(-1)?.input.answer)).toEqual({
      header: { alg: algorithm, typ: 'approval+jwt', kid: 'dev_1' },
      claims: {
        aud: GATEWAY,
        iat: IAT,
        approvalId: approval.id,
        nonce: 'nonce',
        decision: 'APPROVE',
        number: '07',
        // printf 'Pay €500 to Bob' | openssl dgst -sha256 -binary | basenc --base64url (without =)
        messageHash: '82j7rjOaUixpJAYc57BzBIMyGtiPc90-lty-OtESp1Q',
      },
    });
    await device.respond({ ...approval, message: null }, 'DENY');
    const { claims } = await opened(wire.requests.at(-1)?.input.answer);
    expect(claims).not.toHaveProperty('number');
    expect(claims).not.toHaveProperty('messageHash');
  });

  it('tells in words what the gateway refuses', async () => {
    wire.reply = {
      data: null,
      errors: [{ message: 'Please sign in.', extensions: { code: 'UNAUTHENTICATED' } }],
    };
    await expect(device.approvals()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'Please sign in.',
    });
    wire.reply = { unexpected: true };
    await expect(device.approvals()).rejects.toMatchObject({ code: 'NOT_A_GATEWAY' });
  });
});

it.each([
  'https://id.example.com',
  'factorgate://pair?token=x',
  'factorgate://pair?token=x&gateway=javascript:1',
  'x',
])('pairing refuses the link %s', (uri) => {
  expect(() => readPairingUri(uri)).toThrow(/no pairing link/);
});
