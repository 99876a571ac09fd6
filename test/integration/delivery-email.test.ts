import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { render, type Message } from '../../src/delivery';
import { Sending, deadUrl } from './delivery-support';

const CODE = '01846227';
const TO = 'Jörg.Müller@example.com';
const message: Message = {
  channel: 'email',
  to: TO,
  ...render('emailCode', 'de', { app: 'Bücher & Söhne', code: CODE, minutes: '10' }),
};
const USER = { user: 'us@er', pass: 'p/w:ord' };

/** Signed by itself, for "localhost", until 2126. */
const TLS = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeTpipZVX3STKB7wx
tyr0o64YBLyIbs/yfI/H0j632rqhRANCAASWd4W4eB8a2V5YVKZq7urui1fC4W6C
3kOkCT/hEHxUT9Tb2S09M96LwBX9BAtx3dWySh2VPl3tc4UzTQ7WJGNd
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUCosgRsTsgY+OibjlNKTnLSukyqkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDEyMDM0NloYDzIxMjYxMDMx
MTIwMzQ2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASWd4W4eB8a2V5YVKZq7urui1fC4W6C3kOkCT/hEHxUT9Tb2S09M96L
wBX9BAtx3dWySh2VPl3tc4UzTQ7WJGNdo28wbTAdBgNVHQ4EFgQUHrMHwKdUd67e
mHW7fLetBT9fw8cwHwYDVR0jBBgwFoAUHrMHwKdUd67emHW7fLetBT9fw8cwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAKHcIuQvTpQn++yDousms5fsqM0d5rt9O/m3saRj/RDZAiBM
26mXS1qLwdHuAECSj35hBhrwOxFspw22xQSgC01BiQ==
-----END CERTIFICATE-----`,
};

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly isSecure: boolean;
  readonly user: string | undefined;
  readonly mail: ParsedMail;
}

const servers: SMTPServer[] = [];
afterEach(() =>
  Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(resolve)))),
);

/** A mail server on loopback. `said` holds the commands that reached it after the greeting. */
async function mailServer(options: SMTPServerOptions = {}) {
  const received: Received[] = [];
  const said: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    closeTimeout: 50,
    ...TLS,
    onMailFrom: (address, _, done) => (said.push(`MAIL ${address.address}`), done()),
    onData(stream, { envelope, secure, user }, done) {
      void simpleParser(stream).then((mail) => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ from, to, isSecure: secure, user, mail });
        done();
      }, done);
    },
    ...options,
  });
  // A client that refuses the certificate is what some tests are about.
  server.on('error', () => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { received, said, port, url: `smtp://127.0.0.1:${String(port)}` };
}

const sendingTo = (url: string, timeout?: number) =>
  new Sending({ SMTP_URL: url, MAIL_FROM: 'Bücher & Söhne <no-reply@id.example.com>' }, timeout);

it('arrives as text and as HTML, umlauts and all', async () => {
  const { received, url } = await mailServer();
  const sending = sendingTo(url);
  expect(await sending.send(message, 'out_01')).toBe('TAKEN');
  const [{ mail, from, to }] = received as [Received];
  expect([from, to]).toEqual(['no-reply@id.example.com', [TO]]);
  expect(mail.from?.value).toEqual([{ address: 'no-reply@id.example.com', name: 'Bücher & Söhne' }]);
  expect(mail.subject).toBe('Ihr Code für Bücher & Söhne');
  expect(mail.text?.trim()).toBe(message.text);
  expect(mail.html).toContain('Bücher &amp; Söhne');
  expect(mail.html).toContain(CODE);
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
  expect(mail.attachments).toEqual([]);
  expect(await sending.counted('smtp')).toEqual({ sent: 1, failed: 0, timed: 1, breaker: 0 });
  expect(sending.logged).toBe('');
});

it('has the same Message-ID when it is sent again, and another one otherwise', async () => {
  const { received, url } = await mailServer();
  const sending = sendingTo(url);
  for (const id of ['out_01', 'out_01', 'out_02']) await sending.send(message, id);
  expect(received.map(({ mail }) => mail.messageId)).toEqual([
    '<out_01@id.example.com>',
    '<out_01@id.example.com>',
    '<out_02@id.example.com>',
  ]);
});

it('goes to one recipient, and gets no header, whatever address and subject hold', async () => {
  const { received, url } = await mailServer();
  const sending = sendingTo(url);
  await sending.send({ ...message, subject: 'Hello\r\nBcc: eve@example.com' });
  await sending.send({ ...message, to: 'ada@example.com, eve@example.com' });
  await sending.send({ ...message, to: 'ada@example.com>\r\nRCPT TO:<eve@example.com' });
  for (const { to, mail } of received) {
    expect(to).toHaveLength(1);
    expect(to).not.toContain('eve@example.com');
    expect(mail.bcc).toBeUndefined();
  }
  expect(received.length).toBeGreaterThan(0);
});

it('signs in with the user and password of the address', async () => {
  const { received, url } = await mailServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) =>
      username === USER.user && password === USER.pass
        ? done(null, { user: username })
        : done(new Error('Invalid username or password')),
  });
  const login = `${encodeURIComponent(USER.user)}:${encodeURIComponent(USER.pass)}@`;
  expect(await sendingTo(url.replace('//', `//${login}`)).send(message)).toBe('TAKEN');
  expect(received[0]?.user).toBe(USER.user);

  const wrong = sendingTo(url.replace('//', '//mallory:hunter2@'));
  expect(await wrong.send(message)).toBe('NOT_TAKEN');
  expect(wrong.logged).not.toMatch(/hunter2|01846227|Müller/);
});

describe('TLS', () => {
  it('a certificate that nobody vouches for is refused, also if the address asks to overlook it', async () => {
    for (const options of [{ secure: true, disabledCommands: ['AUTH'] }, { disabledCommands: ['AUTH'] }]) {
      const { received, said, url } = await mailServer(options);
      const address = options.secure ? url.replace('smtp:', 'smtps:') : url;
      const sending = sendingTo(`${address}/?tls.rejectUnauthorized=false&ignoreTLS=true`);
      expect(await sending.send(message)).toBe('NOT_TAKEN');
      expect([received, said]).toEqual([[], []]);
      expect(sending.logged).toMatch(/self.signed/i);
    }
  });

  it('a server elsewhere that offers no TLS is told nothing', async () => {
    const { received, said, port } = await mailServer();
    // Loopback in a spelling that is not taken for this machine.
    const sending = sendingTo(`smtp://[::ffff:127.0.0.1]:${String(port)}`);
    expect(await sending.send(message)).not.toBe('TAKEN');
    expect([received, said]).toEqual([[], []]);
    expect(sending.logged).toMatch(/TLS/);
  });
});

describe('a mail server that fails', () => {
  const refuse = (code: number, text: string): SMTPServerOptions => ({
    onRcptTo: (_, __, done) => done(Object.assign(new Error(text), { responseCode: code })),
  });

  it('for now: the message comes back later', async () => {
    const { url } = await mailServer(refuse(451, 'try again later'));
    const sending = sendingTo(url);
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(await sending.counted('smtp')).toMatchObject({ sent: 0, failed: 1, timed: 1 });
  });

  it('for good: the message does not come back, and what it quotes is not logged', async () => {
    const { url } = await mailServer(refuse(550, `no mailbox ${TO.toLowerCase()} here`));
    const sending = sendingTo(url);
    expect(await sending.send(message)).toBe('UNDELIVERABLE');
    expect(sending.logged).toContain('550');
    expect(sending.logged).not.toMatch(/müller|01846227/i);
  });

  it('by saying nothing: the message comes back later, with the same Message-ID', async () => {
    const { url } = await mailServer({ onRcptTo: () => undefined });
    expect(await sendingTo(url, 300).send(message)).toBe('NOT_TAKEN');
  });

  it('by being away: the message comes back later', async () => {
    const sending = sendingTo((await deadUrl()).replace('http', 'smtp'));
    expect(await sending.send(message)).toBe('NOT_TAKEN');
    expect(sending.logged).toContain('ECONNREFUSED');
  });
});
