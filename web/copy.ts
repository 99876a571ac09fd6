/**
 * Copy buttons. `<button data-copy="id">` copies the text of the element with that id; a page imports this
 * file once. Without a clipboard (plain http on another host) the text is selected, ready for the keyboard.
 */

const SHOWN_MS = 1500;

document.addEventListener('click', (event) => {
  const button =
    event.target instanceof Element ? event.target.closest<HTMLButtonElement>('[data-copy]') : null;
  const source = button && document.getElementById(button.dataset.copy ?? '');
  if (button && source) void copy(button, source);
});

async function copy(button: HTMLButtonElement, source: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    tell(button, 'Copied');
  } catch {
    getSelection()?.selectAllChildren(source);
    tell(button, 'Selected');
  }
}

function tell(button: HTMLButtonElement, word: string): void {
  const label = (button.dataset.label ??= button.textContent);
  button.textContent = word;
  const status = document.querySelector('[data-copy-status]');
  if (status) status.textContent = word;
  setTimeout(() => {
    button.textContent = label;
    if (status) status.textContent = '';
  }, SHOWN_MS);
}
