import { embedded } from '../support/backends';
import { World } from '../support/world';
import { describeInBrowser, expectReadable, tabStops } from './visitor';

describeInBrowser('the page behind the link of a notice', (visitor) => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  async function link(): Promise<string> {
    const user = await world.user();
    await user.enrollTotp();
    const mail = (await world.inbox()).filter(({ to }) => to === user.email).at(-1);
    visitor.allow(world.a.url);
    return world.a.url + (/(\/report\?token=\S+)/.exec(mail?.text ?? '')?.[1] ?? '');
  }

  it.each([320, 1280])('can be read by everybody before and after, at %d pixels', async (width) => {
    const page = await visitor.newPage(width);
    await page.goto(await link());
    await page.getByRole('heading', { name: 'Was this not you?' }).waitFor();
    await expectReadable(page);
    await page.getByRole('button', { name: 'This was not me' }).click();
    await page.getByText('The session was signed out.').waitFor();
    await expectReadable(page);
  });

  it('needs no script, and the button is the first thing that the keyboard reaches', async () => {
    const page = await visitor.newPage();
    await page.goto(await link());
    expect(await page.evaluate<number>('document.scripts.length')).toBe(0);
    expect(await tabStops(page, 1)).toEqual(['This was not me']);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Thank you' }).waitFor();
  });
});
