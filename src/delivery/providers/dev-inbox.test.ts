import { describeOnEachBackend, type OpenBackend } from '../../../test/support/backends';
import { loadConfig } from '../../config';
import { systemClock, type Database } from '../../platform';
import { deliveryFeature, deliverySettings } from '../index';
import type { Message } from '../message';
import { deliveryProviders } from './choose-providers';
import { DevInbox } from './dev-inbox';

const development = loadConfig([deliverySettings], {});
const production = loadConfig([deliverySettings], { NODE_ENV: 'production' });
const { signal } = new AbortController();

const sms = (text: string): Message => ({
  channel: 'sms',
  to: '+15550100',
  subject: 'Your code',
  text,
  data: { challenge: 'chl_1' },
});
const push: Message = { channel: 'push', to: 'dev_1', subject: 'Approve?', text: 'three' };

describeOnEachBackend('the dev inbox', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  beforeAll(async () => ({ database } = opened = await backend.open([deliveryFeature])));
  afterAll(() => opened.close());
  beforeEach(() => database.rows('TRUNCATE dev_inbox'));

  const send = (message: Message, id: string) => {
    const { providers } = deliveryProviders(development, database, systemClock);
    return providers.find((provider) => provider.channel === message.channel)?.send(message, id, signal);
  };

  it('shows the messages of every channel, the newest first, through its route', async () => {
    await send(sms('one'), 'out_00000000000000000000000002');
    await send(sms('two'), 'out_00000000000000000000000001');
    await send(push, 'out_00000000000000000000000003');
    const { routes } = deliveryProviders(development, database, systemClock);
    expect(routes.map(({ path, maxAgeSeconds }) => [path, maxAgeSeconds])).toEqual([['/dev/inbox.json', 0]]);
    const at = expect.stringMatching(/^20.*Z$/) as string;
    const sent = { at, channel: 'sms', to: '+15550100', subject: 'Your code', data: { challenge: 'chl_1' } };
    expect(JSON.parse(JSON.stringify(await routes[0]?.answer()))).toEqual([
      { ...push, at, id: 'msg_00000000000000000000000003', data: {} },
      { ...sent, id: 'msg_00000000000000000000000001', text: 'two' },
      { ...sent, id: 'msg_00000000000000000000000002', text: 'one' },
    ]);
  });

  it('keeps the newest 200', async () => {
    for (let nth = 1; nth <= 203; nth += 1) await send(sms(String(nth)), `out_${String(nth)}`);
    const shown = await DevInbox.open(development, database).list();
    expect([shown.length, shown[0]?.text, shown[199]?.text]).toEqual([200, '203', '4']);
    expect(await database.rows('SELECT 1 FROM dev_inbox')).toHaveLength(200);
  });

  it('shows a message that was tried again once', async () => {
    for (let turn = 0; turn < 2; turn += 1) await send(sms('one'), 'out_1');
    expect(await DevInbox.open(development, database).list()).toHaveLength(1);
  });

  it('is refused in production, where push needs no provider and nothing is written', async () => {
    expect(() => DevInbox.open(production, database)).toThrow('refused in production');
    const { providers, routes } = deliveryProviders(production, database, systemClock);
    expect([providers.map(({ name }) => name), routes]).toEqual([['no-push'], []]);
    await providers[0]?.send(push, 'out_1', signal);
    expect(await database.rows('SELECT 1 FROM dev_inbox')).toEqual([]);
  });
});
