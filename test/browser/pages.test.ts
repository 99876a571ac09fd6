import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { tour } from '../../web/graphiql/tour';
import { serveSite, type Site } from './site';

const executablePath = process.env.TEST_CHROMIUM;
const withBrowser = executablePath ? describe : describe.skip;

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const message = (id: string, facts: object) => ({
  id,
  at: '2026-11-24T09:30:00.000Z',
  channel: 'sms',
  to: '+41791234567',
  subject: '',
  text: 'Your code is 042917.',
  data: {},
  ...facts,
});
const push = message('msg_3', {
  channel: 'push',
  to: 'dev_1',
  subject: 'Is it you?',
  text: 'Open the app to answer a request.',
  data: { type: 'MFA_CHALLENGE', timestamp: '1795512600000' },
});
const sms = message('msg_2', {});
const email = message('msg_1', {
  channel: 'email',
  to: 'ada@example.com',
  subject: '<b>New sign-in</b>',
  text: 'Was it you? <img src="/x" onerror="alert(1)">',
});

withBrowser(`the pages${executablePath ? '' : ' (skipped: TEST_CHROMIUM names no browser)'}`, () => {
  jest.setTimeout(60_000);
  let site: Site;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  let faults: string[] = [];

  beforeAll(async () => {
    site = await serveSite();
    browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });
  beforeEach(() => {
    faults = [];
    site.inbox = [push, sms, email];
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(faults).toEqual([]);
  });

  /** A fresh browser. Whatever leaves the origin or reaches the console as a warning or worse fails the test. */
  async function newPage(width = 1280): Promise<Page> {
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
    contexts.push(context);
    const page = await context.newPage();
    page.on('console', (line) => {
      if (['error', 'warning'].includes(line.type())) faults.push(`${line.type()}: ${line.text()}`);
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => {
      const isOwn = [`${site.origin}/`, 'data:'].some((start) => request.url().startsWith(start));
      if (!isOwn) faults.push(`left the origin: ${request.url()}`);
    });
    return page;
  }

  async function openExplorer(page: Page): Promise<void> {
    await page.goto(`${site.origin}/graphiql`);
    await page.getByText('query StartHere').waitFor();
  }

  const overflowOf = (page: Page) =>
    page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  async function violationsOf(page: Page): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`);
  }

  /** What the Tab key reaches, in order, by name; a stop whose focus cannot be seen is marked. */
  async function tabStops(page: Page, count: number): Promise<string[]> {
    const stops: string[] = [];
    for (let index = 0; index < count; index += 1) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate<string>(
        `(() => {
          const element = document.activeElement;
          const seen = element.matches(':focus-visible') && getComputedStyle(element).outlineStyle !== 'none';
          const name = element.getAttribute('aria-label') ?? element.textContent.trim().split('\\n')[0];
          return seen ? name : name + ' (unseen)';
        })()`,
      );
      stops.push(stop);
    }
    return stops;
  }

  describe.each([320, 1280])('at %d pixels, light and dark', (width) => {
    it.each([
      ['/', 'Approve a sign-in from your terminal'],
      ['/dev/inbox', 'Is it you?'],
      ['/graphiql', width > 1000 ? 'Fewest calls' : 'query StartHere'],
    ] as const)('%s can be read by everybody once it shows: %s', async (path, text) => {
      const page = await newPage(width);
      await page.goto(`${site.origin}${path}`);
      await page.getByText(text).waitFor();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violationsOf(page)).toEqual([]);
      }
      expect(await overflowOf(page)).toBe(0);
    });
  });

  describe('the start page', () => {
    it('is reached by keyboard from top to bottom', async () => {
      const page = await newPage();
      await page.goto(site.origin);
      expect(await tabStops(page, 14)).toEqual([
        'Skip to content',
        'Factorgate',
        'GraphiQL',
        'Dev inbox',
        'Open GraphiQL',
        'Open the dev inbox',
        'GraphiQL',
        'Copy',
        'Copy',
        'Copy',
        'Copy',
        'Schema',
        'JWKS',
        'OpenID configuration',
      ]);
    });

    it('copies a command with one click and says so', async () => {
      const page = await newPage();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.goto(site.origin);
      await page.getByRole('button', { name: 'Copy' }).first().click();
      await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' });
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        'npx factorgate device pair "<uri>"',
      );
    });
  });

  describe('the dev inbox', () => {
    async function openInbox(): Promise<Page> {
      const page = await newPage();
      await page.clock.install();
      await page.goto(`${site.origin}/dev/inbox`);
      return page;
    }

    it('shows messages newest first, and what they say as text only', async () => {
      const page = await openInbox();
      await page.getByRole('article').first().waitFor();
      const texts = await page.getByRole('article').allTextContents();
      expect(texts).toEqual([
        expect.stringContaining('Is it you?'),
        expect.stringContaining('Your code is 042917.'),
        expect.stringContaining('<b>New sign-in</b>'),
      ]);
      expect(texts[2]).toContain('<img src="/x" onerror="alert(1)">');
      expect(await page.locator('main img, main b').count()).toBe(0);
    });

    it('copies a code with one click', async () => {
      const page = await openInbox();
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy code' }).click();
      await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' });
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('042917');
    });

    it('filters by channel from the keyboard', async () => {
      const page = await openInbox();
      await page.getByRole('article').first().waitFor();
      await page.getByRole('radio', { name: 'All' }).focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('article').allTextContents()).toEqual([expect.stringContaining('042917')]);

      site.inbox = [push];
      await page.clock.runFor(2000);
      await page.getByText('No SMS messages yet.').waitFor();
    });

    it('takes in a new message by itself and leaves the focus where it is', async () => {
      site.inbox = [sms];
      const page = await openInbox();
      await page.getByRole('button', { name: 'Copy code' }).focus();
      site.inbox = [push, sms];
      await page.clock.runFor(2000);
      await page.getByText('Is it you?').waitFor();
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Copy code');
    });

    it('asks nothing while nobody looks, and at once when somebody does', async () => {
      const page = await openInbox();
      await page.getByRole('article').first().waitFor();
      const turn = (state: string) =>
        page.evaluate(`
          Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' });
          document.dispatchEvent(new Event('visibilitychange'));
        `);
      await turn('hidden');
      await page.clock.runFor(2000);
      const asked = site.inboxRequests;
      await page.clock.runFor(20_000);
      expect(site.inboxRequests).toBe(asked);

      site.inbox = [message('msg_9', { text: 'Welcome back' })];
      await turn('visible');
      await page.getByText('Welcome back').waitFor();
    });

    it('says that it is empty', async () => {
      site.inbox = [];
      const page = await openInbox();
      await page.getByText('No messages yet.').waitFor();
      expect(await violationsOf(page)).toEqual([]);
    });

    it('says when the gateway fails, keeps what it has, and recovers', async () => {
      const page = await openInbox();
      await page.getByRole('article').first().waitFor();
      site.inbox = 503;
      await page.clock.runFor(2000);
      await page.getByRole('alert').getByText('status 503').waitFor();
      expect(await page.getByRole('article').count()).toBe(3);
      expect(await violationsOf(page)).toEqual([]);

      site.inbox = [push];
      await page.clock.runFor(2000);
      await page.getByRole('alert').waitFor({ state: 'hidden' });
      expect(await page.getByRole('article').count()).toBe(1);
      // The browser itself tells the console about every status from 400 on.
      faults = faults.filter((fault) => !fault.includes('status of 503'));
    });

    it('says when it is switched off', async () => {
      site.inbox = 404;
      const page = await openInbox();
      await page.getByRole('alert').getByText('switched off').waitFor();
      faults = faults.filter((fault) => !fault.includes('status of 404'));
    });
  });

  describe('GraphiQL', () => {
    const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click();
    const openTab = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

    it('opens with the tour, and the description of the schema beside it', async () => {
      const page = await newPage();
      await openExplorer(page);
      await page.getByText('Fewest calls').waitFor();
      const tabs = await page.locator('.graphiql-tab-button').allTextContents();
      expect(tabs).toHaveLength(tour.length);
      for (const [index, { query }] of tour.entries()) expect(query).toContain(` ${tabs[index]}`);
    });

    it('sends the headers of a tab with its operation', async () => {
      const page = await newPage();
      await openExplorer(page);
      await openTab(page, 'AddApp');
      await run(page);
      await page.locator('.result-window').getByText('"errors"').waitFor();
      expect(site.authorizations.at(-1)).toBe('Bearer <accessToken of step 2>');
    });

    it('subscribes over a socket of this host, with the authorization header as a connection parameter', async () => {
      const page = await newPage();
      const sockets: string[] = [];
      page.on('websocket', (socket) => sockets.push(socket.url()));
      await openExplorer(page);
      await openTab(page, 'WatchFlow');
      await openTab(page, 'Headers');
      await page.getByRole('region', { name: 'Headers' }).click();
      await page.keyboard.insertText('{"Authorization": "Bearer of-a-test"}');
      await run(page);
      await page.locator('.result-window').getByText('VERIFIED').waitFor();
      expect(sockets).toEqual([`${site.origin.replace('http', 'ws')}/graphql`]);
      expect(site.connections).toEqual([{ authorization: 'Bearer of-a-test' }]);
    });

    it('is reached by keyboard', async () => {
      const page = await newPage();
      await openExplorer(page);
      await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
      expect(await tabStops(page, 45)).toEqual(
        expect.arrayContaining([
          'Show History',
          'Open settings dialog',
          'StartHere',
          'StepUp',
          'Execute query (Ctrl-Enter)',
          'Variables',
          'Headers',
          'Result Window',
        ]),
      );
    });
  });
});
