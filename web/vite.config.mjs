import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** GraphiQL carries its fonts inside its style sheet, half a megabyte that pages in system fonts have no use for. */
const withoutInlineFonts = {
  name: 'without-inline-fonts',
  enforce: 'pre',
  transform: {
    filter: { id: /graphiql\/dist\/style\.css$/ },
    handler: (css) => css.replace(/@font-face\s*\{[^}]*url\(["']?data:[^}]*\}/g, ''),
  },
};

/** Every asset is a file of its own under `/assets`, its content hash in its name: nothing inline, nothing foreign. */
export default {
  root: here('.'),
  base: '/',
  publicDir: false,
  plugins: [withoutInlineFonts],
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: 'es2022',
    rolldownOptions: {
      input: [here('index.html'), here('dev-inbox.html'), here('graphiql/index.html')],
      // The icons of GraphiQL take their titles from the names of their components.
      output: { keepNames: true },
      // GraphiQL tells the console about each worker it starts.
      treeshake: { manualPureFunctions: ['console.info'] },
      // The libraries' "use client" means nothing here, and each would be a warning of eight lines.
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: 'es' },
};
