import type { Page } from 'playwright-core';
import { tour } from '../../web/graphiql/tour';
import { describeInBrowser, tabStops } from './visitor';

describeInBrowser('the explorer', (visitor) => {
  async function open(page: Page): Promise<void> {
    await page.goto(`${visitor.site.origin}/graphiql`);
    await page.getByText('query StartHere').waitFor();
  }
  const run = (page: Page) => page.getByRole('button', { name: /^Execute query/ }).click();
  const openTab = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('opens with the tour, and the description of the schema beside it', async () => {
    const page = await visitor.newPage();
    await open(page);
    await page.getByText('Fewest calls').waitFor();
    const tabs = await page.locator('.graphiql-tab-button').allTextContents();
    expect(tabs).toHaveLength(tour.length);
    for (const [index, { query }] of tour.entries()) expect(query).toContain(` ${tabs[index]}`);
  });

  it('sends the headers of a tab with its operation', async () => {
    const page = await visitor.newPage();
    await open(page);
    await openTab(page, 'AddApp');
    await run(page);
    await page.locator('.result-window').getByText('"errors"').waitFor();
    expect(visitor.site.authorizations.at(-1)).toBe('Bearer <accessToken of step 2>');
  });

  it('subscribes over a socket of this host, authorization as a connection parameter', async () => {
    const page = await visitor.newPage();
    const sockets: string[] = [];
    page.on('websocket', (socket) => sockets.push(socket.url()));
    await open(page);
    await openTab(page, 'WatchFlow');
    await openTab(page, 'Headers');
    await page.getByRole('region', { name: 'Headers' }).click();
    await page.keyboard.insertText('{"Authorization": "Bearer of-a-test"}');
    await run(page);
    await page.locator('.result-window').getByText('VERIFIED').waitFor();
    expect(sockets).toEqual([`${visitor.site.origin.replace('http', 'ws')}/graphql`]);
    expect(visitor.site.connections).toEqual([{ authorization: 'Bearer of-a-test' }]);
  });

  it('is reached by keyboard', async () => {
    const page = await visitor.newPage();
    await open(page);
    await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
    expect(await tabStops(page, 17 + 2 * tour.length)).toEqual(
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
