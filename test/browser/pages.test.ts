import { copiedText, describeInBrowser, expectReadable, tabStops } from './visitor';

describeInBrowser('every page', (visitor) => {
  describe.each([320, 1280])('at %d pixels', (width) => {
    it.each([
      ['/', 'Approve a sign-in from your terminal'],
      ['/dev/inbox', 'No messages yet.'],
      ['/graphiql', width > 1000 ? 'Fewest calls' : 'query StartHere'],
    ])('can be read by everybody: %s', async (path, text) => {
      const page = await visitor.newPage(width);
      await page.goto(`${visitor.site.origin}${path}`);
      await page.getByText(text).waitFor();
      await expectReadable(page);
    });
  });
});

describeInBrowser('the start page', (visitor) => {
  it('is reached by keyboard from top to bottom', async () => {
    const page = await visitor.newPage();
    await page.goto(visitor.site.origin);
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
    const page = await visitor.newPage();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(visitor.site.origin);
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByRole('status').getByText('Copied').waitFor({ state: 'attached' });
    expect(await copiedText(page)).toBe('npx factorgate device pair "<uri>"');
  });
});
