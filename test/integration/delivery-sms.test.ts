import { createHmac } from 'node:crypto';
import type { Message } from '../../src/delivery';
import { Carrier, Sending, deadUrl, type Answer } from './delivery-support';

const SID = `AC${'1a'.repeat(16)}`;
const KEY = Buffer.alloc(32, 7);
const NUMBER = '+4915112345678';
const CODE = '018462';
const message: Message = {
  channel: 'sms',
  to: NUMBER,
  subject: 'Acme',
  text: `Ihr Code für Acme ist ${CODE}.\n\n@id.example.com #${CODE}`,
};

const TAKEN: Answer = { status: 201, body: JSON.stringify({ sid: 'SM1', status: 'queued', to: NUMBER }) };
const PUBLISHED: Answer = {
  status: 200,
  type: 'text/xml',
  body: `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>`,
};
const BROKEN: Answer = { status: 500, body: '{}' };

const carriers: Carrier[] = [];
const carrier = async (answer: Carrier['answer']): Promise<Carrier> => {
  const opened = await Carrier.open(answer);
  carriers.push(opened);
  return opened;
};
afterEach(() => Promise.all(carriers.splice(0).map((opened) => opened.close())));

const twilio = (endpoint: string) => ({
  TWILIO_ACCOUNT_SID: SID,
  TWILIO_AUTH_TOKEN: 'twilio-token',
  TWILIO_FROM: '+15550100',
  TWILIO_ENDPOINT: endpoint,
});
const sns = (endpoint: string) => ({
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'aws-secret',
  SNS_ENDPOINT: endpoint,
  SNS_SENDER_ID: 'Acme',
});
const own = (url: string) => ({
  SMS_HTTP_URL: `${url}/messages`,
  SMS_HTTP_SECRET: `whsec_${KEY.toString('base64')}`,
});

/** What no log may hold. */
const expectSilent = ({ logged }: Sending) => {
  for (const secret of [CODE, NUMBER, NUMBER.slice(1), 'twilio-token', 'aws-secret', 'Ihr Code'])
    expect(logged).not.toContain(secret);
};

describe('Twilio', () => {
  it('is sent one form, with the account as basic authentication', async () => {
    const server = await carrier(() => TAKEN);
    const sending = new Sending({ ...twilio(server.url), SMS_PROVIDER: 'twilio' });
    expect(await sending.send(message)).toBe('TAKEN');
    expect(server.seen).toHaveLength(1);
    const [{ method, path, headers, body }] = server.seen as [Carrier['seen'][0]];
    expect([method, path]).toEqual(['POST', `/2010-04-01/Accounts/${SID}/Messages.json`]);
    expect(headers['content-type']).toContain('application/x-www-form-urlencoded');
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`${SID}:twilio-token`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      To: NUMBER,
      From: '+15550100',
      Body: message.text,
    });
    expect(await sending.counted('twilio')).toEqual({ sent: 1, failed: 0, timed: 1, breaker: 0 });
    expect(sending.logged).toBe('');
  });

  it('picks the number itself where a messaging service is set', async () => {
    const server = await carrier(() => TAKEN);
    const named = { TWILIO_FROM: '', TWILIO_MESSAGING_SERVICE_SID: 'MG1', SMS_PROVIDER: 'twilio' };
    const service = { ...twilio(server.url), ...named };
    await new Sending(service).send(message);
    const form = new URLSearchParams(server.seen[0]?.body);
    expect([form.get('MessagingServiceSid'), form.get('From')]).toEqual(['MG1', null]);
  });

  it('that refuses a number for good is not asked again, and what it quotes is not logged', async () => {
    const quote = { code: 21211, message: `The 'To' number ${NUMBER} is not valid: ${CODE}`, status: 400 };
    const server = await carrier(() => ({ status: 400, body: JSON.stringify(quote) }));
    const sending = new Sending({ ...twilio(server.url), SMS_PROVIDER: 'twilio' });
    expect(await sending.send(message)).toBe('UNDELIVERABLE');
    expect(server.seen).toHaveLength(1);
    expect(sending.logged).toContain('400 21211');
    expectSilent(sending);
  });

  it('that has too much to do gets one request, and the message comes back later', async () => {
    const busy = { code: 20429, message: 'Too Many Requests', status: 429 };
    const server = await carrier(() => ({ status: 429, body: JSON.stringify(busy) }));
    const sending = new Sending({ ...twilio(server.url), SMS_PROVIDER: 'twilio' });
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(server.seen).toHaveLength(1);
  });
});

describe('Amazon SNS', () => {
  it('is sent one signed Publish, transactional and under the sender name', async () => {
    const server = await carrier(() => PUBLISHED);
    const sending = new Sending({ ...sns(server.url), SMS_PROVIDER: 'sns' });
    expect(await sending.send(message)).toBe('TAKEN');
    expect(server.seen).toHaveLength(1);
    const { method, headers, body } = server.seen[0] as Carrier['seen'][0];
    expect(method).toBe('POST');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/sns\/aws4_request, SignedHeaders=\S+, Signature=[0-9a-f]{64}$/,
    );
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      Action: 'Publish',
      PhoneNumber: NUMBER,
      Message: message.text,
      'MessageAttributes.entry.1.Name': 'AWS.SNS.SMS.SMSType',
      'MessageAttributes.entry.1.Value.StringValue': 'Transactional',
      'MessageAttributes.entry.2.Name': 'AWS.SNS.SMS.SenderID',
      'MessageAttributes.entry.2.Value.StringValue': 'Acme',
    });
    expect(await sending.counted('sns')).toEqual({ sent: 1, failed: 0, timed: 1, breaker: 0 });
  });

  it.each([500, 503, 429])('that answers %i gets one request', async (status) => {
    const body = `<ErrorResponse><Error><Type>Receiver</Type><Code>Throttling</Code><Message>no ${NUMBER}</Message></Error></ErrorResponse>`;
    const server = await carrier(() => ({ status, type: 'text/xml', body }));
    const sending = new Sending({ ...sns(server.url), SMS_PROVIDER: 'sns' });
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(server.seen).toHaveLength(1);
    expectSilent(sending);
  });
});

describe('an own SMS service', () => {
  it('is posted the message as JSON, signed as Standard Webhooks has it', async () => {
    const server = await carrier(() => ({ status: 204 }));
    const sending = new Sending({ ...own(server.url), SMS_PROVIDER: 'http' });
    expect(await sending.send(message, 'out_7')).toBe('TAKEN');
    const { path, headers, body } = server.seen[0] as Carrier['seen'][0];
    expect(path).toBe('/messages');
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toEqual({ id: 'out_7', to: NUMBER, text: message.text });
    const timestamp = String(sending.now.getTime() / 1000);
    expect([headers['webhook-id'], headers['webhook-timestamp']]).toEqual(['out_7', timestamp]);
    const expected = createHmac('sha256', KEY).update(`out_7.${timestamp}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  it('that redirects is not followed: the code goes nowhere else', async () => {
    const elsewhere = await carrier(() => ({ status: 204 }));
    const server = await carrier(() => ({ status: 307, headers: { location: elsewhere.url } }));
    const sending = new Sending({ ...own(server.url), SMS_PROVIDER: 'http' });
    expect(await sending.send(message)).not.toBe('TAKEN');
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('a provider that fails', () => {
  const all = { twilio, sns, http: own } as const;
  const names = Object.keys(all) as (keyof typeof all)[];
  const only = (name: keyof typeof all, url: string) => ({ ...all[name](url), SMS_PROVIDER: name });

  it.each(names)('%s: an error 500 is a clear refusal, and the message is tried later', async (name) => {
    const server = await carrier(() => BROKEN);
    const sending = new Sending(only(name, server.url));
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(server.seen).toHaveLength(1);
    expect(await sending.counted(name)).toMatchObject({ sent: 0, failed: 1, timed: 1 });
    expectSilent(sending);
  });

  it.each(names)('%s: where nobody listens the message is tried later', async (name) => {
    const sending = new Sending(only(name, await deadUrl()));
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(sending.logged).toContain('ECONNREFUSED');
    expectSilent(sending);
  });

  it.each(names)('%s: no answer in time ends the SMS, for it may be on its way', async (name) => {
    const server = await carrier(() => 'hang');
    const sending = new Sending(only(name, server.url), 300);
    expect(await sending.send(message)).toBe('UNDELIVERABLE');
    expect(server.seen).toHaveLength(1);
    expect(await sending.counted(name)).toMatchObject({ sent: 0, failed: 1 });
    expectSilent(sending);
  });

  it.each(names)('%s: a lost connection ends the SMS, for it may be on its way', async (name) => {
    const server = await carrier(() => 'hang');
    const sending = new Sending(only(name, server.url));
    const sent = sending.send(message);
    while (server.seen.length === 0) await new Promise((turn) => setTimeout(turn, 5));
    await server.close();
    carriers.splice(0);
    expect(await sent).toBe('UNDELIVERABLE');
  });

  it.each([502, 504])(
    'a proxy that answers %i ends the SMS: who is behind it may have taken it',
    async (status) => {
      const server = await carrier(() => ({ status }));
      expect(await new Sending(only('http', server.url)).send(message)).toBe('UNDELIVERABLE');
    },
  );

  it.each(names)('%s: a slow answer within the time is an answer', async (name) => {
    const answer = name === 'sns' ? PUBLISHED : TAKEN;
    const server = await carrier(() => ({ ...answer, afterMs: 400 }));
    expect(await new Sending(only(name, server.url)).send(message)).toBe('TAKEN');
    expect(server.seen).toHaveLength(1);
  });
});

describe('several providers', () => {
  const open = async (first: Carrier['answer'], second: Carrier['answer'], timeout?: number) => {
    const [one, other] = [await carrier(first), await carrier(second)];
    const environment = { ...twilio(one.url), ...sns(other.url), SMS_PROVIDER: 'twilio,sns' };
    return { one, other, sending: new Sending(environment, timeout) };
  };

  it('the second takes over from one that refuses: one SMS', async () => {
    const { one, other, sending } = await open(
      () => BROKEN,
      () => PUBLISHED,
    );
    expect(await sending.send(message)).toBe('TAKEN');
    expect([one.seen.length, other.seen.length]).toEqual([1, 1]);
    expect(await sending.counted('twilio')).toMatchObject({ sent: 0, failed: 1 });
    expect(await sending.counted('sns')).toMatchObject({ sent: 1, failed: 0 });
  });

  it('the second takes over from one that cannot be reached', async () => {
    const server = await carrier(() => PUBLISHED);
    const environment = { ...twilio(await deadUrl()), ...sns(server.url), SMS_PROVIDER: 'twilio,sns' };
    expect(await new Sending(environment).send(message)).toBe('TAKEN');
  });

  it('the second is not asked when the first does not answer: never two SMS', async () => {
    const { other, sending } = await open(
      () => 'hang',
      () => PUBLISHED,
      300,
    );
    expect(await sending.send(message)).toBe('UNDELIVERABLE');
    expect(other.seen).toEqual([]);
  });

  it('a code asked for again comes by the other one', async () => {
    const { one, other, sending } = await open(
      () => TAKEN,
      () => PUBLISHED,
    );
    await sending.send({ ...message, attempt: 1 });
    expect([one.seen.length, other.seen.length]).toEqual([0, 1]);
    await sending.send({ ...message, attempt: 2 });
    expect([one.seen.length, other.seen.length]).toEqual([1, 1]);
  });

  it('one that is down is left alone after five failures, and asked again when it has recovered', async () => {
    const { one, other, sending } = await open(
      () => BROKEN,
      () => PUBLISHED,
    );
    for (let turn = 0; turn < 8; turn += 1) expect(await sending.send(message)).toBe('TAKEN');
    expect([one.seen.length, other.seen.length]).toEqual([5, 8]);
    expect(await sending.counted('twilio')).toMatchObject({ failed: 5, breaker: 2 });

    one.answer = () => TAKEN;
    sending.now = new Date(sending.now.getTime() + 30_000);
    await sending.send(message);
    expect([one.seen.length, other.seen.length]).toEqual([6, 8]);
    expect(await sending.counted('twilio')).toMatchObject({ sent: 1, breaker: 0 });
  });
});
