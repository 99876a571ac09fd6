import { createDecipheriv, createECDH, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { importJWK, jwtVerify } from 'jose';
import { Outbox, OutboxStore, deliveryFeature, type Message } from '../../src/delivery';
import { Keyring, createLog, newKeyringLine, parseKeyring, systemChance } from '../../src/platform';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { Carrier, Sending, deadUrl } from './delivery-support';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PUSH_TOKEN = 'fcm-token-of-a-phone';
const DATA = {
  type: 'MFA_CHALLENGE',
  challenge: 'chl_01hzy',
  appName: 'Acme',
  timestamp: '1930035605000',
};
const NOW = new Date('2031-03-01T09:00:05.000Z');
const message: Message = {
  channel: 'push',
  to: 'dev_1',
  subject: 'Is it you?',
  text: 'Open the app to answer a request.',
  data: DATA,
  target: { platform: 'ANDROID', pushToken: PUSH_TOKEN },
  expiresAt: new Date(NOW.getTime() + 90_500),
};

const carriers: Carrier[] = [];
const carrier = async (answer: Carrier['answer']): Promise<Carrier> => {
  const opened = await Carrier.open(answer);
  carriers.push(opened);
  return opened;
};
afterEach(() => Promise.all(carriers.splice(0).map((opened) => opened.close())));

describe('Firebase Cloud Messaging', () => {
  const TOKEN = { status: 200, body: JSON.stringify({ access_token: 'ya29.one', expires_in: 3600 }) };
  const SENT = { status: 200, body: JSON.stringify({ name: 'projects/acme/messages/1' }) };
  const fault = (status: number, error: object) => ({
    status,
    body: JSON.stringify({ error: { code: status, message: 'Requested entity was not found.', ...error } }),
  });
  const UNREGISTERED = fault(404, {
    status: 'NOT_FOUND',
    details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' }],
  });
  const environment = (google: string, fcm: string) => ({
    FCM_ENDPOINT: fcm,
    FCM_SERVICE_ACCOUNT: JSON.stringify({
      type: 'service_account',
      project_id: 'acme',
      client_email: 'push@acme.iam.example.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      token_uri: `${google}/token`,
    }),
  });
  const open = async (answer: Carrier['answer'] = () => SENT, timeout?: number) => {
    const [google, fcm] = [await carrier(() => TOKEN), await carrier(answer)];
    return { google, fcm, sending: new Sending(environment(google.url, fcm.url), timeout) };
  };

  it('gives its token for a signed assertion of the service account, and is asked for it once', async () => {
    const { google, sending } = await open();
    for (let turn = 0; turn < 3; turn += 1) expect(await sending.send(message)).toBe('TAKEN');
    expect(google.seen).toHaveLength(1);
    const { path, body } = google.seen[0] as Carrier['seen'][0];
    const form = new URLSearchParams(body);
    expect([path, form.get('grant_type')]).toEqual(['/token', 'urn:ietf:params:oauth:grant-type:jwt-bearer']);
    const { payload } = await jwtVerify(form.get('assertion') ?? '', publicKey, { algorithms: ['RS256'] });
    expect(payload).toMatchObject({
      iss: 'push@acme.iam.example.com',
      aud: `${google.url}/token`,
      scope: 'https://www.googleapis.com/auth/firebase.messaging',
    });
  });

  it('is sent an opaque id that is worthless when the question is over, and nothing else', async () => {
    const { fcm, sending } = await open();
    await sending.send(message);
    const { method, path, headers, body } = fcm.seen[0] as Carrier['seen'][0];
    expect([method, path]).toEqual(['POST', '/v1/projects/acme/messages:send']);
    expect(headers.authorization).toBe('Bearer ya29.one');
    expect(JSON.parse(body)).toEqual({
      message: {
        token: PUSH_TOKEN,
        data: DATA,
        android: { priority: 'high', ttl: '90s' },
        apns: {
          headers: {
            'apns-priority': '10',
            'apns-expiration': String(NOW.getTime() / 1000 + 90),
          },
          payload: { aps: { alert: { title: message.subject, body: message.text }, 'content-available': 1 } },
        },
      },
    });
    expect(await sending.counted('fcm')).toEqual({ sent: 1, failed: 0, timed: 1, breaker: 0 });
  });

  it.each([
    ['an app that was removed', UNREGISTERED],
    [
      'a token that is none',
      fault(400, {
        status: 'INVALID_ARGUMENT',
        message: 'The registration token is not a valid FCM registration token',
        details: [
          { errorCode: 'INVALID_ARGUMENT' },
          { fieldViolations: [{ field: 'message.token', description: 'Invalid registration token' }] },
        ],
      }),
    ],
  ])('%s is unreachable, after one call', async (_, answer) => {
    const { fcm, sending } = await open(() => answer);
    expect(await sending.send(message)).toBe('UNREACHABLE');
    expect(fcm.seen).toHaveLength(1);
    expect(sending.logged).not.toContain(PUSH_TOKEN);
  });

  it('that finds fault with anything but the token makes no device unreachable', async () => {
    const { sending } = await open(() =>
      fault(400, {
        status: 'INVALID_ARGUMENT',
        message: 'Invalid TTL',
        details: [{ errorCode: 'INVALID_ARGUMENT' }, { fieldViolations: [{ field: 'message.android.ttl' }] }],
      }),
    );
    expect(await sending.send(message)).toBe('UNDELIVERABLE');
    const wrongProject = await open(() => fault(404, { status: 'NOT_FOUND' }));
    expect(await wrongProject.sending.send(message)).toBe('UNDELIVERABLE');
  });

  it('that is broken or slow is tried again later: a push message may come twice', async () => {
    const broken = await open(() => ({ status: 500, body: 'not JSON' }));
    expect(await broken.sending.send(message)).toBe('NOT_TAKEN');
    expect(broken.fcm.seen).toHaveLength(1);
    const hanging = await open(() => 'hang', 500);
    expect(await hanging.sending.send(message)).toBe('NOT_TAKEN');
    const away = new Sending(environment((await carrier(() => TOKEN)).url, await deadUrl()));
    expect(await away.send(message)).toBe('NOT_TAKEN');
  });

  it('whose token service is broken is sent nothing, and that one is asked once', async () => {
    const google = await carrier(() => ({ status: 503, body: '{}' }));
    const fcm = await carrier(() => SENT);
    const sending = new Sending(environment(google.url, fcm.url));
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect([google.seen.length, fcm.seen.length]).toEqual([1, 0]);
    expect(sending.logged).not.toContain('PRIVATE KEY');
  });

  it('whose token service hung is asked anew by the next message', async () => {
    const google = await carrier(() => 'hang');
    const fcm = await carrier(() => SENT);
    const sending = new Sending(environment(google.url, fcm.url), 500);
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    google.answer = () => TOKEN;
    expect(await sending.send(message)).toBe('TAKEN');
    expect(fcm.seen).toHaveLength(1);
  });

  it('that no longer takes its token is asked with a new one at the next try', async () => {
    const { google, fcm, sending } = await open(() => fault(401, { status: 'UNAUTHENTICATED' }));
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    fcm.answer = () => SENT;
    expect(await sending.send(message)).toBe('TAKEN');
    expect(google.seen).toHaveLength(2);
    expect(sending.logged).not.toContain('ya29');
  });

  it('is not called for a device without an address, nor for a browser: they ask by themselves', async () => {
    const { google, fcm, sending } = await open();
    expect(await sending.send({ ...message, target: undefined })).toBe('TAKEN');
    expect(await sending.send({ ...message, target: { platform: 'WEB', pushToken: '{}' } })).toBe('TAKEN');
    expect([google.seen, fcm.seen]).toEqual([[], []]);
  });

  describeOnEachBackend('through the outbox', (backend) => {
    let opened: OpenBackend;
    beforeAll(async () => {
      opened = await backend.open([deliveryFeature]);
    });
    afterAll(() => opened.close());

    it('tells that an unregistered device is unreachable, after one call', async () => {
      const { fcm, sending } = await open(() => UNREGISTERED);
      const { database } = opened;
      const parsed = parseKeyring(newKeyringLine(systemChance));
      const keyring = new Keyring('keys' in parsed ? parsed.keys : [], systemChance);
      const store = new OutboxStore(database, keyring, { now: () => NOW }, systemChance);
      const heard: unknown[] = [];
      const port = {
        onDelivery: async (...end: unknown[]) => void heard.push(end),
        onUnreachable: async (...end: unknown[]) => void heard.push(end),
      };
      const outbox = new Outbox(store, sending.dispatcher, port, systemChance, createLog('silent'));
      await database.transaction((tx) => outbox.add(tx, [message], 'chl_1'));
      for (let turn = 0; turn < 3; turn += 1) await outbox.deliverDue();
      expect(heard).toEqual([
        ['chl_1', 'FAILED'],
        ['push', 'dev_1'],
      ]);
      expect(fcm.seen).toHaveLength(1);
    });
  });
});

describe('Web Push', () => {
  const server = createECDH('prime256v1');
  server.generateKeys();
  const VAPID = {
    VAPID_PUBLIC_KEY: server.getPublicKey('base64url'),
    VAPID_PRIVATE_KEY: Buffer.concat([Buffer.alloc(32), server.getPrivateKey()])
      .subarray(-32)
      .toString('base64url'),
    VAPID_SUBJECT: 'mailto:security@example.com',
  };
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const auth = randomBytes(16);
  const subscription = (endpoint: string, keys = {}) =>
    JSON.stringify({
      endpoint,
      expirationTime: null,
      keys: { p256dh: browser.getPublicKey('base64url'), auth: auth.toString('base64url'), ...keys },
    });
  const to = (pushToken: string): Message => ({ ...message, target: { platform: 'WEB', pushToken } });

  /** What the browser does with a push message: RFC 8291 §3.4 and RFC 8188 §2. */
  function decrypted(body: Buffer): string {
    const salt = body.subarray(0, 16);
    const keyLength = body.readUInt8(20);
    const senderKey = body.subarray(21, 21 + keyLength);
    const sealed = body.subarray(21 + keyLength);
    const hkdf = (key: Buffer, by: Buffer, info: Buffer, length: number) =>
      Buffer.from(hkdfSync('sha256', key, by, info, length));
    const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), browser.getPublicKey(), senderKey]);
    const material = hkdf(browser.computeSecret(senderKey), auth, keyInfo, 32);
    const key = hkdf(material, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
    const nonce = hkdf(material, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
    const opener = createDecipheriv('aes-128-gcm', key, nonce);
    opener.setAuthTag(sealed.subarray(-16));
    const record = Buffer.concat([opener.update(sealed.subarray(0, -16)), opener.final()]);
    // The last record ends with 2 and any number of zeros.
    return record.subarray(0, record.lastIndexOf(2)).toString();
  }

  it('brings the browser what only it can read, and says how long it is worth something', async () => {
    const service = await carrier(() => ({ status: 201 }));
    const sending = new Sending(VAPID);
    expect(await sending.send(to(subscription(`${service.url}/push/abc`)))).toBe('TAKEN');
    const { method, path, headers, raw } = service.seen[0] as Carrier['seen'][0];
    expect([method, path]).toEqual(['POST', '/push/abc']);
    expect(headers).toMatchObject({ ttl: '90', urgency: 'high', 'content-encoding': 'aes128gcm' });
    expect(JSON.parse(decrypted(raw))).toEqual(DATA);
    expect(raw.toString('latin1')).not.toContain(DATA.challenge);
    expect(await sending.counted('web-push')).toEqual({ sent: 1, failed: 0, timed: 1, breaker: 0 });
  });

  it('signs for that push service only, by the key that browsers subscribed with', async () => {
    const service = await carrier(() => ({ status: 201 }));
    await new Sending(VAPID).send(to(subscription(`${service.url}/push/abc`)));
    const [, token = '', key] = /^vapid t=([^,]+), ?k=(\S+)$/.exec(
      service.seen[0]?.headers.authorization ?? '',
    ) as RegExpExecArray;
    expect(key).toBe(VAPID.VAPID_PUBLIC_KEY);
    const point = server.getPublicKey();
    const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
    const { payload } = await jwtVerify(token, await importJWK(jwk, 'ES256'), { algorithms: ['ES256'] });
    expect(payload).toMatchObject({ aud: service.url, sub: VAPID.VAPID_SUBJECT });
    expect((payload.exp ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(24 * 3600);
  });

  it.each([404, 410])(
    'a subscription that is gone (%i) makes the device unreachable, after one call',
    async (status) => {
      const service = await carrier(() => ({ status }));
      expect(await new Sending(VAPID).send(to(subscription(service.url)))).toBe('UNREACHABLE');
      expect(service.seen).toHaveLength(1);
    },
  );

  it('what is no subscription makes the device unreachable, and is not logged', async () => {
    const service = await carrier(() => ({ status: 201 }));
    for (const broken of [
      'not JSON',
      '{}',
      subscription('file:///etc/passwd'),
      subscription(service.url, { p256dh: 'hunter2' }),
      subscription(service.url, { auth: 'hunter2' }),
    ]) {
      const sending = new Sending(VAPID);
      expect(await sending.send(to(broken))).toBe('UNREACHABLE');
      expect(sending.logged).not.toMatch(/hunter2|passwd|127\.0\.0\.1/);
    }
    expect(service.seen).toEqual([]);
  });

  it('a push service that is broken, slow or away is tried again later', async () => {
    const broken = await carrier(() => ({ status: 500 }));
    expect(await new Sending(VAPID).send(to(subscription(broken.url)))).toBe('NOT_TAKEN');
    const hanging = await carrier(() => 'hang');
    expect(await new Sending(VAPID, 300).send(to(subscription(hanging.url)))).toBe('NOT_TAKEN');
    expect(await new Sending(VAPID).send(to(subscription(await deadUrl())))).toBe('NOT_TAKEN');
  });

  it('a redirect is not followed: it could lead inside', async () => {
    const inside = await carrier(() => ({ status: 201 }));
    const service = await carrier(() => ({ status: 307, headers: { location: inside.url } }));
    expect(await new Sending(VAPID).send(to(subscription(service.url)))).not.toBe('TAKEN');
    expect(inside.seen).toEqual([]);
  });

  it('in production nobody is led to a private address or to plain HTTP: nothing is even connected to', async () => {
    let connections = 0;
    const inside = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    // A test that fails leaves it open.
    inside.unref();
    const port = String((inside.address() as AddressInfo).port);
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0'])
      for (const scheme of ['https', 'http']) {
        const sending = new Sending({ ...VAPID, NODE_ENV: 'production' });
        const sent = await sending.send(to(subscription(`${scheme}://${host}:${port}/push`)));
        expect([scheme, host, sent]).toEqual([scheme, host, 'UNDELIVERABLE']);
        expect(sending.logged).toContain('no public https address');
      }
    await new Promise((resolve) => inside.close(resolve));
    expect(connections).toBe(0);
  });
});
