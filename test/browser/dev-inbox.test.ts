import type { Page } from 'playwright-core';
import { copiedText, describeInBrowser, expectReadable } from './visitor';

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

describeInBrowser('the dev inbox', (visitor) => {
  beforeEach(() => {
    visitor.site.inbox = [push, sms, email];
  });

  async function openInbox(width = 1280): Promise<Page> {
    const page = await visitor.newPage(width);
    await page.clock.install();
    await page.goto(`${visitor.site.origin}/dev/inbox`);
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

  it.each([320, 1280])('can be read by everybody at %d pixels', async (width) => {
    const page = await openInbox(width);
    await page.getByRole('article').first().waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    await expectReadable(page);
  });

  it('copies a code with one click', async () => {
    const page = await openInbox();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy code' }).click();
    await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' });
    expect(await copiedText(page)).toBe('042917');
  });

  it('filters by channel from the keyboard', async () => {
    const page = await openInbox();
    await page.getByRole('article').first().waitFor();
    await page.getByRole('radio', { name: 'All' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('article').allTextContents()).toEqual([expect.stringContaining('042917')]);

    visitor.site.inbox = [push];
    await page.clock.runFor(2000);
    await page.getByText('No SMS messages yet.').waitFor();
  });

  it('takes in a new message by itself and leaves the focus where it is', async () => {
    visitor.site.inbox = [sms];
    const page = await openInbox();
    await page.getByRole('button', { name: 'Copy code' }).focus();
    visitor.site.inbox = [push, sms];
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
    const asked = visitor.site.inboxRequests;
    await page.clock.runFor(20_000);
    expect(visitor.site.inboxRequests).toBe(asked);

    visitor.site.inbox = [message('msg_9', { text: 'Welcome back' })];
    await turn('visible');
    await page.getByText('Welcome back').waitFor();
  });

  it('says when the gateway fails, keeps what it has, and recovers', async () => {
    const page = await openInbox();
    await page.getByRole('article').first().waitFor();
    visitor.site.inbox = 503;
    await page.clock.runFor(2000);
    await page.getByRole('alert').getByText('status 503').waitFor();
    expect(await page.getByRole('article').count()).toBe(3);
    await expectReadable(page);

    visitor.site.inbox = [push];
    await page.clock.runFor(2000);
    await page.getByRole('alert').waitFor({ state: 'hidden' });
    expect(await page.getByRole('article').count()).toBe(1);
    visitor.forgive(503);
  });

  it('says when it is switched off', async () => {
    visitor.site.inbox = 404;
    const page = await openInbox();
    await page.getByRole('alert').getByText('switched off').waitFor();
    visitor.forgive(404);
  });
});
