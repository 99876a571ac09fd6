import { Refusal, newId, unixSeconds, type Chance, type Clock } from '../../../kernel';
import type { Database, Keyring } from '../../../platform';
import { AuditEventType } from '../audit-event';
import type { AuditRecorder } from '../audit-recorder.service';
import {
  DELIVERIES_KEPT_DAYS,
  SECRET_BYTES,
  shownSecret,
  signedHeaders,
  webhookType,
  type WebhookEndpoint,
} from './webhook';
import type { WebhookAddresses } from './webhook-address';
import { renewDeliveries, requeueBlock } from './webhook-deliveries.store';
import {
  countEndpoints,
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  listedEndpoints,
  replaceSecret,
  sealedSecrets,
  setEndpointState,
  type ListedEndpoint,
} from './webhook-endpoints.store';
import { openSecret, sealSecret, webhookChange } from './webhook-secrets';
import type { WebhookAnswer, WebhookSender } from './webhook-sender.client';

const ENDPOINTS_MAX = 20;
const URL_MAX = 2000;

const TYPES: ReadonlyMap<string, AuditEventType> = new Map(
  (Object.keys(AuditEventType) as AuditEventType[]).map((type) => [webhookType(type), type]),
);

export interface WebhookDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly recorder: AuditRecorder;
  readonly addresses: WebhookAddresses;
  readonly sender: WebhookSender;
}

/** An endpoint and its secret, which is shown this once. */
export interface Secreted {
  readonly endpoint: WebhookEndpoint;
  readonly secret: string;
}

/** Who hears of events. Each change is a line of the audit log. */
export class Webhooks {
  constructor(private readonly deps: WebhookDeps) {}

  /** `types` as they are sent, such as `sign_in.completed`; none: all, those of later versions too. */
  async add(url: string, types: readonly string[] = []): Promise<Secreted> {
    const { database, keyring, clock, chance, recorder } = this.deps;
    const endpoint: WebhookEndpoint = {
      id: newId('whk', clock, chance),
      url: this.checked(url),
      eventTypes: types.length > 0 ? [...new Set(types.map(typeOf))] : null,
      state: 'ACTIVE',
      lastTakenAt: null,
      lastFault: null,
    };
    const secret = chance.bytes(SECRET_BYTES);
    await database.transaction(async (tx) => {
      if ((await countEndpoints(tx)) >= ENDPOINTS_MAX)
        throw new Refusal('CONFLICT', {
          message: `There are ${String(ENDPOINTS_MAX)} webhooks already: each event is sent to all of them.`,
        });
      await insertEndpoint(tx, { ...endpoint, secret: sealSecret(keyring, endpoint.id, secret) });
      await recorder.record(tx, webhookChange(endpoint, 'added'));
    });
    return { endpoint, secret: shownSecret(secret) };
  }

  list(): Promise<ListedEndpoint[]> {
    return listedEndpoints(this.deps.database);
  }

  /** A new secret. For 24 hours both sign, so that the receiver can change over without losing an event. */
  async rotate(id: string): Promise<Secreted> {
    const { keyring, chance } = this.deps;
    const secret = chance.bytes(SECRET_BYTES);
    const sealed = sealSecret(keyring, id, secret);
    return {
      endpoint: await this.changed('secret rotated', (tx) => replaceSecret(tx, id, sealed)),
      secret: shownSecret(secret),
    };
  }

  /** With all that it had still to hear. */
  remove(id: string): Promise<WebhookEndpoint> {
    return this.changed('removed', (tx) => deleteEndpoint(tx, id));
  }

  /** Nothing is sent until it is resumed; events wait, for 30 days at most. */
  pause(id: string): Promise<WebhookEndpoint> {
    return this.changed('paused', (tx) => setEndpointState(tx, id, ['ACTIVE', 'PAUSED'], 'PAUSED'));
  }

  /** What waits is sent, in its order. */
  resume(id: string): Promise<WebhookEndpoint> {
    return this.changed('resumed', async (tx) => {
      const endpoint = await setEndpointState(tx, id, ['PAUSED', 'PARKED', 'ACTIVE'], 'ACTIVE');
      if (endpoint) await renewDeliveries(tx, id);
      return endpoint;
    });
  }

  /** Sends the events since then once more, those too that came before the endpoint; says how many there are. */
  async redeliver(id: string, since: Date): Promise<number> {
    const { database, clock, recorder } = this.deps;
    const endpoint = await findEndpoint(database, id);
    if (!endpoint) throw new Refusal('NOT_FOUND', { message: `There is no webhook ${id}.` });
    if (clock.now().getTime() - since.getTime() > DELIVERIES_KEPT_DAYS * 86_400_000)
      throw new Refusal('INVALID_INPUT', {
        message: `Events of the last ${String(DELIVERIES_KEPT_DAYS)} days can be sent again; export older ones.`,
      });
    await recorder.record(database, webhookChange(endpoint, `redelivery since ${since.toISOString()}`));
    let count = 0;
    let block: Awaited<ReturnType<typeof requeueBlock>> = { last: idBefore(since), count: 0 };
    while ((block = await requeueBlock(database, id, block.last, since))) count += block.count;
    return count;
  }

  /** Sends an event of the type `webhook.test` now, once, and says what came of it. */
  async test(id: string): Promise<WebhookAnswer> {
    const { database, keyring, clock, chance, sender } = this.deps;
    const endpoint = await findEndpoint(database, id);
    if (!endpoint) throw new Refusal('NOT_FOUND', { message: `There is no webhook ${id}.` });
    const secrets = (await sealedSecrets(database, id)).map((sealed) => openSecret(keyring, id, sealed));
    const now = clock.now();
    const messageId = newId('evt', clock, chance);
    const body = JSON.stringify({
      type: 'webhook.test',
      timestamp: now.toISOString(),
      data: { id: messageId },
    });
    return sender.post(endpoint.url, signedHeaders(messageId, unixSeconds(now), body, secrets), body);
  }

  private async changed(
    what: string,
    change: (
      tx: Parameters<Parameters<Database['transaction']>[0]>[0],
    ) => Promise<WebhookEndpoint | undefined>,
  ): Promise<WebhookEndpoint> {
    return this.deps.database.transaction(async (tx) => {
      const endpoint = await change(tx);
      if (!endpoint)
        throw new Refusal('NOT_FOUND', { message: 'There is no such webhook, or not in a state for this.' });
      await this.deps.recorder.record(tx, webhookChange(endpoint, what));
      return endpoint;
    });
  }

  private checked(text: string): string {
    const fault =
      text.length > URL_MAX || !URL.canParse(text) ? 'is no URL' : this.deps.addresses.faultOf(new URL(text));
    if (fault !== undefined) throw new Refusal('INVALID_INPUT', { message: `The address ${fault}.` });
    return new URL(text).href;
  }
}

function typeOf(text: string): AuditEventType {
  const type = TYPES.get(text.trim());
  if (type) return type;
  throw new Refusal('INVALID_INPUT', {
    message: `There is no event ${text.trim()}. There are: ${[...TYPES.keys()].sort().join(', ')}`,
  });
}

/** Before every id made since then, also by processes whose clocks are an hour behind. */
const idBefore = (since: Date): string =>
  newId(
    'evt',
    { now: () => new Date(Math.max(since.getTime() - 3_600_000, 0)) },
    { bytes: (count) => Buffer.alloc(count), below: () => 0 },
  );
