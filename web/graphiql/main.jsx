/**
 * GraphiQL for this gateway: the tour in its tabs, the schema's description beside it, and the QR code of an
 * enrollment drawn below the reply that holds it. `Repairs` helps out where GraphiQL falls short.
 */
import 'graphiql/setup-workers/vite';
import { useGraphiQL, useGraphiQLActions, useMonaco } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useLayoutEffect, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import '../style.css';
import './graphiql.css';
import favicon from '../favicon.svg';
import { EDITOR_OPTIONS, EDITOR_THEMES, editorThemeData } from './editor-look';
import { createFetcher } from './fetcher';
import { tour } from './tour';

const DOCS = 'Documentation Explorer';
const isWide = matchMedia('(min-width: 60rem)').matches;

function App() {
  const [qrCode, setQrCode] = useState(null);
  const fetcher = useMemo(() => createFetcher((reply) => setQrCode(qrCodeOf(reply))), []);
  return (
    <GraphiQL
      fetcher={fetcher}
      schemaDescription
      defaultTabs={tour}
      defaultEditorToolsVisibility
      editorTheme={EDITOR_THEMES}
      forcedTheme="system"
      visiblePlugin={isWide ? DOCS : undefined}
    >
      <GraphiQL.Logo>
        <a className="brand" href="/">
          <img src={favicon} alt="" />
          <span>Factorgate</span>
        </a>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        {qrCode && <img className="qr-code" src={qrCode} alt="QR code of the enrollment" />}
      </GraphiQL.Footer>
      <Repairs onTabChange={() => setQrCode(null)} />
    </GraphiQL>
  );
}

function qrCodeOf(reply) {
  const qrCode = reply?.data?.startEnrollment?.enrollment?.setup?.qrCode;
  return typeof qrCode === 'string' && qrCode.startsWith('data:image/') ? qrCode : null;
}

function Repairs({ onTabChange }) {
  const { tabs, activeTabIndex } = useGraphiQL(({ tabs, activeTabIndex }) => ({ tabs, activeTabIndex }));
  const editors = useGraphiQL((state) => [
    state.queryEditor,
    state.variableEditor,
    state.headerEditor,
    state.responseEditor,
  ]);
  const monaco = useMonaco((state) => state.monaco);
  const { setTheme } = useGraphiQLActions();

  useEffect(onTabChange, [activeTabIndex]);
  useLayoutEffect(() => listTabs(activeTabIndex), [tabs, activeTabIndex]);
  // Comments and tokens are longer than a pane is wide.
  useEffect(
    () => editors.forEach((editor) => editor?.updateOptions({ fontSize: 13, wordWrap: 'on' })),
    [editors],
  );
  useEffect(() => {
    if (!monaco) return;
    for (const [name, theme] of Object.entries(editorThemeData)) monaco.editor.defineTheme(name, theme);
    setTheme(null);
  }, [monaco, setTheme]);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(null);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [setTheme]);
  return null;
}

/** GraphiQL nests buttons in `role="tab"`, which hides them from screen readers. A list of buttons it is. */
function listTabs(activeTabIndex) {
  document.querySelector('.graphiql-tabs')?.removeAttribute('role');
  document.querySelectorAll('.graphiql-tab').forEach((item, index) => {
    item.removeAttribute('role');
    item.removeAttribute('aria-selected');
    const button = item.querySelector('.graphiql-tab-button');
    if (index === activeTabIndex) button?.setAttribute('aria-current', 'true');
    else button?.removeAttribute('aria-current');
    if (index === activeTabIndex) button?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
}

createRoot(document.getElementById('root')).render(<App />);
