import { createHash, randomUUID } from 'node:crypto';
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { z } from 'zod';
import { unixSeconds, type Clock } from '../../kernel';
import { systemClock } from '../../platform';
import { openStream, type RunningStream } from './approval-stream';
import type { DeviceState } from './device-state';
import { DeviceError } from './device-error';
import { ask } from './gateway-client';

export type ApprovalDecision = 'APPROVE' | 'DENY' | 'REPORT';

const instant = z.string().transform((text) => new Date(text));
const text = z.string().nullable();
const approval = z.object({
  id: z.string(),
  status: z.string(),
  purpose: z.string(),
  applicationName: text,
  message: text,
  nonce: z.string(),
  numberDigits: z.number(),
  createdAt: instant,
  expiresAt: instant,
  context: z.object({ ipAddress: text, location: text, browser: text, operatingSystem: text }),
});
/** A request that waits, as the gateway shows it to the device. */
export type Approval = z.infer<typeof approval>;

const errors = z.array(z.object({ code: z.string(), message: z.string() }));
const answered = z.object({ approval: z.object({ id: z.string(), status: z.string() }).nullable(), errors });
/** What came of an answer: the request's new status, or why the answer does not count. */
export type ApprovalAnswer = z.infer<typeof answered>;

const APPROVAL = `id status purpose applicationName message nonce numberDigits createdAt expiresAt
  context { ipAddress location browser operatingSystem }`;
const REGISTER = `mutation RegisterDevice($input: RegisterDeviceInput!) {
  registerDevice(input: $input) { device { id name } errors { code message } }
}`;
const WAITING = `query Waiting { viewerDevice { id approvals { ${APPROVAL} } } }`;
const REQUESTED = `subscription Requested { approvalRequested { ${APPROVAL} } }`;
const RESPOND = `mutation Respond($input: RespondToApprovalInput!) {
  respondToApproval(input: $input) { approval { id status } errors { code message } }
}`;

export interface PairingOptions {
  readonly name: string;
  readonly algorithm?: DeviceState['algorithm'];
  /** Default: `/graphql` of the gateway that the link names. */
  readonly graphqlUrl?: string;
  readonly clock?: Clock;
}

/** A device that approves: holds a private key, and signs whatever it says. */
export class TerminalDevice {
  constructor(
    private readonly state: DeviceState,
    private readonly graphqlUrl: string = defaultUrl(state.gateway),
    private readonly clock: Clock = systemClock,
  ) {}

  /** Makes a key pair and registers its public part; `snapshot()` holds the only copy of the private one. */
  static async pair(uri: string, options: PairingOptions): Promise<TerminalDevice> {
    const { pairingToken, gateway } = readPairingUri(uri);
    const { name, algorithm = 'ES256', graphqlUrl = defaultUrl(gateway), clock = systemClock } = options;
    const pair = await generateKeyPair(algorithm, { extractable: true });
    const privateKey = (await exportJWK(pair.privateKey)) as DeviceState['privateKey'];
    const publicKey = await exportJWK(pair.publicKey);
    const claims = { pairingToken, aud: gateway, iat: unixSeconds(clock.now()) };
    const proof = await sign(privateKey, { alg: algorithm, typ: 'device-registration+jwt' }, claims);
    const input = { pairingToken, publicKey, proof, platform: 'WEB', name, model: 'Terminal' };
    const device = await register(graphqlUrl, input);
    const state = { gateway, deviceId: device.id, name: device.name, algorithm, privateKey };
    return new TerminalDevice(state, graphqlUrl, clock);
  }

  get id(): string {
    return this.state.deviceId;
  }

  get name(): string {
    return this.state.name;
  }

  /** With the private key: for the state file only. */
  snapshot(): DeviceState {
    return this.state;
  }

  /** `Device <JWS>`: good for one request or one socket, and for a minute. */
  async authorization(): Promise<string> {
    const iat = unixSeconds(this.clock.now());
    return `Device ${await this.signed('device+jwt', { iat, exp: iat + 60, jti: randomUUID() })}`;
  }

  async headers(): Promise<{ authorization: string }> {
    return { authorization: await this.authorization() };
  }

  /** What waits for an answer, oldest first. */
  async approvals(): Promise<Approval[]> {
    const schema = z.object({ approvals: z.array(approval) });
    const field = { name: 'viewerDevice', schema };
    return (await ask(this.graphqlUrl, { query: WAITING }, field, await this.authorization())).approvals;
  }

  /** What waits now, then each new request, once each, over as many connections as it takes. */
  follow(heard: (asked: Approval) => void, connected?: (isConnected: boolean) => void): RunningStream {
    const given = new Set<string>();
    return openStream({
      graphqlUrl: this.graphqlUrl,
      query: REQUESTED,
      authorization: () => this.authorization(),
      connected,
      heard: (data) => {
        const { approvalRequested } = z.object({ approvalRequested: approval }).parse(data);
        if (given.has(approvalRequested.id)) return;
        given.add(approvalRequested.id);
        heard(approvalRequested);
      },
    });
  }

  /** Signs the decision over all that was asked. `number`, from the login screen, is needed to approve. */
  async answer(asked: Approval, decision: ApprovalDecision, number?: string): Promise<string> {
    return this.signed('approval+jwt', {
      iat: unixSeconds(this.clock.now()),
      approvalId: asked.id,
      nonce: asked.nonce,
      decision,
      ...(number === undefined ? {} : { number }),
      ...(asked.message === null ? {} : { messageHash: sha256(asked.message) }),
    });
  }

  async respond(asked: Approval, decision: ApprovalDecision, number?: string): Promise<ApprovalAnswer> {
    return this.send(await this.answer(asked, decision, number));
  }

  /** Sends an answer that was signed before. */
  async send(answer: string): Promise<ApprovalAnswer> {
    const operation = { query: RESPOND, variables: { input: { answer } } };
    const field = { name: 'respondToApproval', schema: answered };
    return ask(this.graphqlUrl, operation, field, await this.authorization());
  }

  private signed(typ: string, claims: object): Promise<string> {
    const { algorithm, deviceId, gateway, privateKey } = this.state;
    return sign(privateKey, { alg: algorithm, typ, kid: deviceId }, { aud: gateway, ...claims });
  }
}

/** Takes `factorgate://pair?token=…&gateway=…` apart. */
export function readPairingUri(uri: string): { pairingToken: string; gateway: string } {
  const link = URL.canParse(uri) ? new URL(uri) : undefined;
  const pairingToken = link?.searchParams.get('token');
  const gateway = link?.searchParams.get('gateway');
  const isPairing = link?.protocol === 'factorgate:' && link.host === 'pair';
  if (!isPairing || !pairingToken || !gateway || !/^https?:\/\//.test(gateway)) {
    throw new DeviceError('INVALID_URI', 'This is no pairing link: it begins with factorgate://pair?token=');
  }
  return { pairingToken, gateway };
}

async function register(graphqlUrl: string, input: object): Promise<{ id: string; name: string }> {
  const schema = z.object({ device: z.object({ id: z.string(), name: z.string() }).nullable(), errors });
  const operation = { query: REGISTER, variables: { input } };
  const payload = await ask(graphqlUrl, operation, { name: 'registerDevice', schema });
  const [error] = payload.errors;
  if (payload.device) return payload.device;
  throw new DeviceError(
    error?.code ?? 'UNKNOWN',
    error?.message ?? 'The gateway did not register the device.',
  );
}

async function sign(
  key: JWK,
  header: { alg: string; typ: string; kid?: string },
  claims: object,
): Promise<string> {
  const payload = Buffer.from(JSON.stringify(claims));
  return new CompactSign(payload).setProtectedHeader(header).sign(await importJWK(key, header.alg));
}

const sha256 = (message: string): string => createHash('sha256').update(message).digest('base64url');
const defaultUrl = (gateway: string): string => `${gateway}/graphql`;
