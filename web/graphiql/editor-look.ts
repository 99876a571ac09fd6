/** The look of the editors: Monaco draws them and knows nothing of the style sheets. */

/** Lines wrap: comments and tokens are longer than a pane is wide. */
export const EDITOR_OPTIONS = {
  fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  fontSize: 13,
  wordWrap: 'on',
};

export const EDITOR_THEMES = { light: 'factorgate-light', dark: 'factorgate-dark' };

export const editorThemeData = {
  'factorgate-light': theme({
    base: 'vs',
    surface: '#ffffff',
    accent: '#0b6553',
    lineNumber: '#6b7a75',
    comment: '2f6d3f',
    argument: '5b4bb3',
  }),
  'factorgate-dark': theme({
    base: 'vs-dark',
    surface: '#17201d',
    accent: '#6ed8bd',
    lineNumber: '#8a9a95',
    comment: '93c79a',
    argument: 'b6a8ff',
  }),
};

interface Palette {
  readonly base: 'vs' | 'vs-dark';
  readonly surface: string;
  readonly accent: string;
  readonly lineNumber: string;
  readonly comment: string;
  readonly argument: string;
}

function theme({ base, surface, accent, lineNumber, comment, argument }: Palette) {
  const tint = `${accent}26`;
  return {
    base,
    inherit: true,
    rules: [
      { token: 'comment', foreground: comment },
      { token: 'argument.identifier.gql', foreground: argument },
    ],
    colors: {
      'editor.background': '#00000000',
      'scrollbar.shadow': '#00000000',
      'editorLineNumber.foreground': lineNumber,
      'editorLineNumber.activeForeground': lineNumber,
      'editorLineNumber.dimmedForeground': lineNumber,
      'editorHoverWidget.background': surface,
      'editorSuggestWidget.background': surface,
      'editorSuggestWidget.selectedBackground': tint,
      'editorSuggestWidget.selectedForeground': accent,
      'editorWidget.background': surface,
      'list.highlightForeground': accent,
      'list.focusHighlightForeground': accent,
      'list.hoverBackground': tint,
      'menu.background': surface,
      'menu.selectionBackground': tint,
      'menu.selectionForeground': accent,
      'quickInput.background': surface,
      'quickInputList.focusBackground': tint,
      'textLink.foreground': accent,
      'textLink.activeForeground': accent,
      'toolbar.hoverBackground': tint,
      focusBorder: accent,
    },
  };
}
