import { LANGUAGES, TEMPLATE_NAMES, languageOf, render } from '.';
import { catalogue } from './catalogue';

const HOSTILE = `<img src=x onerror="alert('1')"> & {code}`;
const VALUES = {
  app: 'Acme',
  code: '01234567',
  host: 'id.example.com',
  minutes: '10',
  subject: 'A way to sign in was added',
  sentence: 'Added: a phone',
  when: '2031-03-01 09:00 UTC',
  where: 'Firefox, Linux',
  link: 'https://id.example.com/report?token=a&b=1',
};

describe.each(TEMPLATE_NAMES)('the template %s', (template) => {
  it('exists in every language, with the same values and the same blocks', () => {
    const [first, ...others] = LANGUAGES.map((language) => {
      const { subject, body } = catalogue[language][template];
      const named = [subject, ...body.map(({ text }) => text)].join(' ').match(/\{\w+\}/g);
      return {
        named: [...new Set(named)].sort(),
        blocks: body.map(({ look, onlyWith }) => [look, onlyWith]),
      };
    });
    for (const other of others) expect(other).toEqual(first);
  });

  it('is German for de, de-CH and de_AT, and English for everything else', () => {
    const [english, german] = [render(template, 'en', VALUES), render(template, 'de', VALUES)];
    expect(german).not.toEqual(english);
    for (const locale of ['de-CH', 'de_AT', 'DE']) expect(render(template, locale, VALUES)).toEqual(german);
    for (const locale of [null, '', 'fr', 'den', 'EN-gb'])
      expect(render(template, locale, VALUES)).toEqual(english);
  });

  it('leaves no placeholder open', () => {
    for (const language of LANGUAGES) {
      const { subject, text, html = '' } = render(template, language, VALUES);
      expect(`${subject}${text}${html.replace(/<style>[^]*<\/style>/, '')}`).not.toMatch(/[{}]/);
    }
  });

  it('shows a value as text, whatever it contains', () => {
    const plain = render(template, null, VALUES).html?.match(/<[a-z!]/g);
    const hostile = Object.fromEntries(Object.keys(VALUES).map((name) => [name, HOSTILE]));
    const { subject, text, html = '' } = render(template, null, { ...hostile, link: VALUES.link });
    expect(`${subject}\n${text}`).toContain(HOSTILE);
    expect(html.match(/<[a-z!]/g) ?? undefined).toEqual(plain);
    expect(html).not.toContain(`"alert`);
  });

  it('keeps its subject on one line', () => {
    const broken = Object.fromEntries(Object.keys(VALUES).map((name) => [name, 'x\r\nBcc: eve@example.com']));
    expect(render(template, null, { ...broken, link: VALUES.link }).subject).not.toMatch(/[\r\n]/);
  });
});

it('binds a code by SMS to the site that asked for it, in the last line', () => {
  const { text, html } = render('smsCode', null, VALUES);
  expect(text).toBe('Your code for Acme is 01234567.\n\n@id.example.com #01234567');
  expect(html).toBeUndefined();
});

it('fits an SMS of one part, in every language', () => {
  for (const language of LANGUAGES)
    expect(render('smsCode', language, VALUES).text.length).toBeLessThanOrEqual(160);
});

it('leaves out what is not known, and the button without a link', () => {
  const { text, html } = render('notice', null, { ...VALUES, where: '', link: '' });
  expect(text).not.toMatch(/Where|not me/);
  expect(html).not.toContain('<a ');
});

it('refuses a link that is none, and a value that is missing', () => {
  expect(() => render('notice', null, { ...VALUES, link: 'javascript:alert(1)' })).toThrow('not a link');
  expect(() => render('emailCode', null, { app: 'Acme' })).toThrow('the value "code" is missing');
});

it('loads nothing from anywhere, so that reading a message tells nobody', () => {
  for (const template of TEMPLATE_NAMES)
    expect(render(template, null, { ...VALUES, link: '' }).html ?? '').not.toMatch(
      /https?:|url\(|<script|<img/,
    );
});

it('reads the language from a locale', () => {
  expect(['de', 'de-DE', 'en', 'fr', null].map((locale) => languageOf(locale))).toEqual([
    'de',
    'de',
    'en',
    'en',
    'en',
  ]);
});
