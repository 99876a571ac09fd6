/**
 * GraphiQL against a real gateway: what a developer sees first works, and nothing is fetched from elsewhere.
 */
import { chromium, type Browser, type Page } from 'playwright-core';
import { embedded } from '../support/backends';
import { World } from '../support/world';

const executablePath = process.env['TEST_CHROMIUM'];
const describeInBrowser = executablePath ? describe : describe.skip;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describeInBrowser('GraphiQL on a running gateway', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  const foreign: string[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    world = await World.open(embedded);
    browser = await chromium.launch({ executablePath, args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('request', (request) => {
      if (!request.url().startsWith(world.a.url) && !/^(data|blob):/.test(request.url()))
        foreign.push(request.url());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await world.close();
  });

  it('runs its first tab and shows the answer of the gateway', async () => {
    await page.goto(`${world.a.url}/graphiql`);
    // The editor takes its first tab a moment after it is drawn.
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await page.waitForLoadState('networkidle');
    await page.locator('button.graphiql-execute-button').click();
    await page.locator('.result-window').getByText('"enabledKinds"').waitFor();
    expect(await page.locator('.result-window').innerText()).toContain('Factorgate');
  }, 60_000);

  it('asks nobody but the gateway, and reports no error', () => {
    expect({ foreign, faults }).toEqual({ foreign: [], faults: [] });
  });
});
