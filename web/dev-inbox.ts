/**
 * The development inbox: asks `/dev/inbox.json` every two seconds while the page is visible and shows what is
 * new. Messages are foreign text: they reach the page as text nodes only. A message already shown keeps its
 * element, so that focus and selection survive a refresh.
 */
import './copy';
import { messageElement, type Message } from './dev-inbox-message';

const REFRESH_MS = 2000;
const TIMEOUT_MS = 5000;
const CHANNEL_WORDS = { all: '', sms: 'SMS ', email: 'e-mail ', push: 'push ' };
type Filter = keyof typeof CHANNEL_WORDS;

const list = byId('messages');
const state = byId('state');
const fault = byId('fault');
const channels = byId('channels');

const shown = new Map<string, HTMLElement>();
let messages: readonly Message[] | null = null;
let timer: number | undefined;

channels.addEventListener('change', render);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
});
void refresh();

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const problem = await load();
  fault.hidden = problem === null;
  if (fault.textContent !== (problem ?? '')) fault.textContent = problem;
  render();
  clearTimeout(timer);
  if (document.visibilityState === 'visible') timer = setTimeout(() => void refresh(), REFRESH_MS);
}

/** Reads the messages; returns what to tell the reader where that fails. Earlier messages stay. */
async function load(): Promise<string | null> {
  try {
    const response = await fetch('/dev/inbox.json', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 404) {
      messages = null;
      return 'The dev inbox is switched off: this gateway sends real messages.';
    }
    if (!response.ok) return `The gateway answered with status ${response.status}. Trying again…`;
    messages = (await response.json()) as Message[];
    return null;
  } catch {
    return 'The gateway does not answer. Trying again…';
  }
}

function render(): void {
  const filter = chosenFilter();
  const wanted = (messages ?? []).filter((message) => filter === 'all' || message.channel === filter);
  place(wanted);
  state.hidden = wanted.length > 0 || (messages === null && !fault.hidden);
  if (state.hidden || messages === null) return;
  const text =
    filter === 'all'
      ? 'No messages yet. Sign in or enroll a phone, and what the gateway sends shows up here.'
      : `No ${CHANNEL_WORDS[filter]}messages yet.`;
  if (state.textContent !== text) state.textContent = text;
}

/** Makes the list equal to `wanted` without moving the elements that stay. */
function place(wanted: readonly Message[]): void {
  const ids = new Set(wanted.map((message) => message.id));
  for (const [id, element] of shown) {
    if (ids.has(id)) continue;
    element.remove();
    shown.delete(id);
  }
  let next = list.firstElementChild;
  for (const message of wanted) {
    const element = shown.get(message.id) ?? messageElement(message);
    shown.set(message.id, element);
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}

function chosenFilter(): Filter {
  const value = channels.querySelector<HTMLInputElement>('input:checked')?.value ?? 'all';
  return value in CHANNEL_WORDS ? (value as Filter) : 'all';
}

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}
