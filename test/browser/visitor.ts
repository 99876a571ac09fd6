/**
 * A visitor of the built pages: Chromium before a site of its own. Whatever leaves the origin or reaches the
 * console as a warning or worse fails the test. Without a browser in TEST_CHROMIUM the suites are left out.
 */
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { serveSite, type Site } from './site';

const executablePath = process.env.TEST_CHROMIUM;

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Visitor {
  readonly site: Site;
  /** A fresh browser window; it asks for less motion, so that colours stand still. */
  newPage(width?: number): Promise<Page>;
  /** Another origin that pages of this test may be on: a whole gateway. */
  allow(origin: string): void;
  /** The browser itself tells the console about every status from 400 on. */
  forgive(status: number): void;
}

export function describeInBrowser(what: string, suite: (visitor: Visitor) => void): void {
  if (!executablePath) {
    describe.skip(`${what} (skipped: TEST_CHROMIUM names no browser)`, () => suite({} as Visitor));
    return;
  }
  describe(what, () => {
    jest.setTimeout(60_000);
    let site: Site;
    let browser: Browser;
    let context: BrowserContext | undefined;
    let faults: string[] = [];
    const origins: string[] = [];

    beforeAll(async () => {
      site = await serveSite();
      browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
    });
    afterAll(async () => {
      await browser.close();
      await site.close();
    });
    afterEach(async () => {
      await context?.close();
      expect(faults.splice(0)).toEqual([]);
    });

    async function newPage(width = 1280): Promise<Page> {
      context = await browser.newContext({ viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      const page = await context.newPage();
      page.on('console', (line) => {
        if (['error', 'warning'].includes(line.type())) faults.push(`${line.type()}: ${line.text()}`);
      });
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('request', (request) => {
        const isOwn = [`${site.origin}/`, 'data:', ...origins].some((start) =>
          request.url().startsWith(start),
        );
        if (!isOwn) faults.push(`left the origin: ${request.url()}`);
      });
      return page;
    }

    suite({
      get site() {
        return site;
      },
      newPage,
      allow(origin) {
        origins.push(`${origin}/`);
      },
      forgive(status) {
        faults = faults.filter((fault) => !fault.includes(`status of ${status}`));
      },
    });
  });
}

/** What axe finds wrong, contrast included. */
async function violationsOf(page: Page): Promise<string[]> {
  // The legacy mode spares a second window for frames; the pages have none.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`);
}

/** A page can be read by everybody: in light and in dark, and without scrolling sideways. */
export async function expectReadable(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violationsOf(page)).toEqual([]);
  }
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect(await page.evaluate(overflow)).toBe(0);
}

/** What the Tab key reaches, in order, by name; a stop whose focus cannot be seen is marked. */
export async function tabStops(page: Page, count: number): Promise<string[]> {
  const stops: string[] = [];
  for (let index = 0; index < count; index += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<string>(
      `(() => {
        const element = document.activeElement;
        const isSeen = element.matches(':focus-visible') && getComputedStyle(element).outlineStyle !== 'none';
        const name = element.getAttribute('aria-label') ?? element.textContent.trim().split('\\n')[0];
        return isSeen ? name : name + ' (unseen)';
      })()`,
    );
    stops.push(stop);
  }
  return stops;
}

export const copiedText = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');
