/** One message of the development inbox, as the gateway keeps it and as the page shows it. */

export interface Message {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
  readonly channel: 'sms' | 'email' | 'push';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

const CHANNEL_NAMES: Record<string, string> = { sms: 'SMS', email: 'E-mail', push: 'Push' };

/** Six to eight digits, or the groups of four of a backup or temporary code, standing alone. */
const CODE = /(?<![\w+/=-])(?:\d{6,8}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2,3})(?![\w/=-])/;

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
let codes = 0;

export function messageElement(message: Message): HTMLElement {
  const parts = [
    factsOf(message),
    message.subject ? element('h2', {}, message.subject) : null,
    message.text ? element('p', { class: 'message-text' }, message.text) : null,
    codeOf(message),
    dataOf(message),
  ];
  const article = element('article', { class: 'message' }, ...parts.filter((part) => part !== null));
  return element('li', { class: 'card message is-new' }, article);
}

function factsOf(message: Message): HTMLElement {
  const at = new Date(message.at);
  const time = Number.isNaN(at.getTime()) ? message.at : timeFormat.format(at);
  return element(
    'p',
    { class: 'message-facts' },
    element('span', { class: 'channel' }, CHANNEL_NAMES[message.channel] ?? message.channel),
    element('span', {}, element('span', { class: 'muted' }, 'to '), message.to),
    element('time', { class: 'muted', datetime: message.at }, time),
  );
}

function codeOf(message: Message): HTMLElement | null {
  const code = CODE.exec(message.text)?.[0];
  if (!code) return null;
  const id = `code-${++codes}`;
  return element(
    'div',
    { class: 'copyable' },
    element('code', { class: 'code', id }, code),
    element('button', { class: 'button button-small', type: 'button', 'data-copy': id }, 'Copy code'),
  );
}

function dataOf(message: Message): HTMLElement | null {
  const entries = Object.entries(message.data);
  if (entries.length === 0) return null;
  const rows = entries.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]);
  return element(
    'details',
    {},
    element('summary', {}, 'Data'),
    element('dl', { class: 'message-data' }, ...rows),
  );
}

/** Strings become text nodes, never markup. */
function element(
  tag: string,
  attributes: Record<string, string>,
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
