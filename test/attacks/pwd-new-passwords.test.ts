/**
 * The attack: guessing the few passwords that many people choose, those of a known breach, and those made of the victim's
 * name, address or the name of the service.
 * The guarantee: no new password is one of them, whichever way it comes in; the list of common ones needs no network, and
 * a breach service that is asked learns five digits of a hash and nothing else.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../../src/config';
import { usersSettings } from '../../src/features/users';
import { embedded } from '../support/backends';
import { PASSWORD, World, type Ask } from '../support/world';

const GOOD = 'zebra umbrella 7 quiet';

describe('new passwords', () => {
  let world: World;
  let admin: Ask;
  beforeAll(async () => {
    world = await World.open(embedded, { environment: { PASSWORD_MINIMUM_LENGTH: '8' } });
    admin = { authorization: await (await world.user({ roles: ['ADMIN'] })).firstSignIn() };
  });
  afterAll(() => world.close());

  const create = (email: string, password: string, displayName?: string) =>
    world.a.mutate('createUser', { email, password, displayName }, 'user { id }', admin);

  test.each([
    ['common ones', 'password1'],
    ['common ones under a tail', 'password123…'],
    ['common ones in capitals and with signs around', '**PassWord**1'],
    ['common ones with letters replaced', 'P4$$w0rd!2026'],
    ['rows of keys', 'qwertzuiop'],
    ['the same again and again', 'abcabcabcabcabcabc'],
    ['the local part of the address', 'ada.lovelace2026…'],
    ['a part of the address', 'Lovelace1996!'],
    ['the address', 'ada.lovelace@example.com'],
    ['the name', 'countess-2026'],
    ['the name of the service', 'Factorgate2026!'],
  ])('PWD-03 are not %s', async (_, password) => {
    const refused = await create('ada.lovelace@example.com', password, 'Countess');
    expect(refused).toMatchObject({
      user: null,
      errors: [{ code: 'WEAK_PASSWORD', path: ['input', 'password'], message: expect.any(String) }],
    });
    expect(refused.errors[0].message).not.toContain(password);
  });

  test('PWD-03 are a few words that have nothing to do with each other', async () => {
    expect((await create('few@example.com', GOOD)).errors).toEqual([]);
    expect((await create('famous@example.com', PASSWORD)).errors).toEqual([]);
  });

  test('PWD-03 are known to nobody but the gateway: no log holds one', () => {
    for (const line of world.logged) expect(line).not.toMatch(/lovelace2026|P4\$\$w0rd/);
  });
});

/** Speaks the range API: the suffixes of the breached passwords of one prefix, and padding of count 0. */
class RangeService {
  readonly asked: IncomingMessage[] = [];
  answer: 'list' | 'error' | 'nothing' = 'list';
  private readonly server: Server;

  constructor(private readonly breached: readonly string[]) {
    this.server = createServer((request, response) => {
      this.asked.push(request);
      if (this.answer === 'nothing') return;
      if (this.answer === 'error') return void response.writeHead(503).end('down');
      response.writeHead(200, { 'content-type': 'text/plain' }).end(this.page(request.url ?? ''));
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private page(url: string): string {
    const prefix = /^\/range\/([0-9A-F]{5})\b/.exec(url)?.[1];
    const hits = this.breached
      .map(sha1)
      .filter((hash) => hash.startsWith(prefix ?? '-'))
      .map((hash) => `${hash.slice(5)}:1402`);
    // Padding: suffixes that were never seen. The one of GOOD is among them.
    const padding = [...'0123456789ABCDEF'].map((digit) => `${digit.repeat(35)}:0`);
    return [...padding, `${sha1(GOOD).slice(5)}:0`, ...hits].join('\r\n');
  }
}

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();

describe('new passwords, looked up among breached ones', () => {
  const breached = 'violet tractor sings low';
  const service = new RangeService([breached]);
  let world: World;
  beforeAll(async () => {
    const environment = {
      BREACHED_PASSWORDS: 'online',
      BREACHED_PASSWORDS_ENDPOINT: await service.listen(),
    };
    world = await World.open(embedded, { environment });
  });
  afterAll(async () => {
    await world.close();
    service.close();
  });
  beforeEach(() => {
    service.asked.length = 0;
    service.answer = 'list';
  });

  let users = 0;
  const provision = (password: string) =>
    world.a.app.accounts.provision({ email: `b${String((users += 1))}@example.com`, password }, null, null);

  test('PWD-03 are refused if breached; five digits of a hash are all that leaves, padded answers are asked for', async () => {
    await expect(provision(breached)).rejects.toMatchObject({
      faults: [{ code: 'BREACHED_PASSWORD', path: ['input', 'password'] }],
    });
    expect(service.asked.map(({ url }) => url)).toEqual([`/range/${sha1(breached).slice(0, 5)}?mode=sha1`]);
    expect(service.asked[0]?.headers).toMatchObject({ 'add-padding': 'true' });
    expect(JSON.stringify(service.asked[0]?.rawHeaders)).not.toMatch(/violet|tractor|example\.com/);
  });

  test('PWD-03 are accepted if only the padding names them', async () => {
    await expect(provision(GOOD)).resolves.toBeDefined();
    expect(service.asked).toHaveLength(1);
  });

  test('PWD-03 that are weak are not even looked up', async () => {
    await expect(provision('password123password')).rejects.toMatchObject({ code: 'WEAK_PASSWORD' });
    expect(service.asked).toEqual([]);
  });

  test.each([
    ['fails', 'error'],
    ['does not answer within five seconds', 'nothing'],
  ] as const)(
    'PWD-03 are accepted where the service %s, and a warning holds neither them nor a hash',
    async (_, how) => {
      service.answer = how;
      world.logged.length = 0;
      const began = performance.now();
      await expect(provision(breached)).resolves.toBeDefined();
      expect(performance.now() - began).toBeLessThan(8000);
      expect(world.logged.some((line) => line.includes('breached passwords could not be asked'))).toBe(true);
      for (const line of world.logged) {
        expect(line).not.toContain(breached);
        expect(line.toUpperCase()).not.toContain(sha1(breached).slice(0, 5));
      }
    },
  );
});

test('PWD-03 the settings know off and online, and want a real address of a service', () => {
  for (const environment of [
    { BREACHED_PASSWORDS: 'maybe' },
    { BREACHED_PASSWORDS: 'online', BREACHED_PASSWORDS_ENDPOINT: 'ftp://example.com' },
  ])
    expect(() => loadConfig([usersSettings], environment)).toThrow('BREACHED_PASSWORDS');
  expect(loadConfig([usersSettings], {}).of(usersSettings).breachedPasswords).toBe('off');
});
