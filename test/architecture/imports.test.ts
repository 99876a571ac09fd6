import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const SRC = resolve(__dirname, '../../src');

/** Lowest first: a folder sees only those before it. */
const FOLDERS = [
  'kernel',
  'config',
  'platform',
  'delivery',
  'features/events',
  'features/limits',
  'features/users',
  'features/factors/contract',
  'features/factors/kinds',
  'features/factors',
  'features/challenges',
  'features/enrollment',
  'features/known-devices',
  'features/policy',
  'features/sessions',
  'features/auth-flow',
  'features/account',
  'features/administration',
  'features/portability',
  'features/recovery',
  'server',
  'cli',
];
/** A kind of factor sees no more than this: never another kind, never the engine. */
const SEEN_BY_KINDS = ['kernel', 'platform', 'delivery', 'features/factors/contract'];
/** Files that put the program together. `cli` may use them; nothing else may. */
const ASSEMBLY =
  /^(main|app|features|schema|infrastructure|commands|demo|policy-at-start|welcome|version)\.ts$/;

/** What a layer may not touch: packages, and files of these suffixes. A file without a suffix is pure. */
const LAYERS: Readonly<Record<string, { packages: RegExp; suffixes: readonly string[] }>> = {
  '': {
    packages: /^(typeorm|type-graphql|ioredis|fastify|pg)\b/,
    suffixes: ['service', 'driver', 'store', 'graphql', 'routes', 'client'],
  },
  entity: {
    packages: /^(type-graphql|ioredis|fastify)\b/,
    suffixes: ['service', 'driver', 'store', 'graphql', 'routes', 'client'],
  },
  store: {
    packages: /^(type-graphql|fastify)\b/,
    suffixes: ['service', 'driver', 'graphql', 'routes', 'client'],
  },
  service: { packages: /^(type-graphql|fastify)\b/, suffixes: ['graphql', 'routes'] },
  driver: { packages: /^(type-graphql|fastify)\b/, suffixes: ['graphql', 'routes'] },
  graphql: { packages: /^(typeorm|ioredis|fastify)\b/, suffixes: ['entity'] },
};

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .sort();
const source = (file: string): string => readFileSync(join(SRC, file), 'utf8');

const kindOf = (file: string): string | undefined => /^features\/factors\/kinds\/([^/]+)\//.exec(file)?.[1];
const suffixOf = (file: string): string => /\.([\w-]+)\.ts$/.exec(file)?.[1] ?? '';

function folderOf(file: string): string {
  const folder = FOLDERS.filter((name) => file.startsWith(`${name}/`)).sort((a, b) => b.length - a.length)[0];
  return folder ?? '';
}

function target(from: string, name: string): string {
  const path = relative(SRC, resolve(SRC, dirname(from), name)).replace(/\.js$/, '');
  return files.find((file) => file === `${path}.ts` || file === `${path}/index.ts` || file === path) ?? path;
}

const imports = files.flatMap((from) =>
  ts.preProcessFile(source(from)).importedFiles.map(({ fileName }) => {
    const isOurs = fileName.startsWith('.');
    return { from, to: isOurs ? target(from, fileName) : fileName, isOurs };
  }),
);
const ours = imports.filter(({ isOurs }) => isOurs);
const shown = (broken: readonly { from: string; to: string }[]): string[] =>
  broken.map(({ from, to }) => `${from} -> ${to}`);

describe('architecture', () => {
  it('lets a folder import only lower folders', () => {
    const broken = ours.filter(({ from, to }) => {
      if (ASSEMBLY.test(from)) return false;
      if (ASSEMBLY.test(to)) return !from.startsWith('cli/');
      const [above, below] = [folderOf(from), folderOf(to)];
      if (above === below) return kindOf(from) !== kindOf(to);
      // The registry is the one place that names kinds.
      if (from === 'features/factors/registry.ts') return false;
      if (above === 'features/factors/kinds') return !SEEN_BY_KINDS.includes(below);
      if (below === 'features/factors/kinds') return true;
      return FOLDERS.indexOf(below) > FOLDERS.indexOf(above);
    });
    expect(shown(broken)).toEqual([]);
  });

  it('enters another folder through its index.ts', () => {
    const broken = ours.filter(
      ({ from, to }) =>
        folderOf(from) !== folderOf(to) &&
        !ASSEMBLY.test(to) &&
        !to.endsWith('/index.ts') &&
        !from.startsWith('cli/'),
    );
    expect(shown(broken)).toEqual([]);
  });

  it('keeps layers by their suffix', () => {
    const broken = imports.filter(({ from, to, isOurs }) => {
      const isInFeature =
        from.startsWith('features/') && !from.endsWith('index.ts') && !from.endsWith('registry.ts');
      const layer = isInFeature && !from.includes('/migrations/') ? LAYERS[suffixOf(from)] : undefined;
      if (!layer) return false;
      const isTypeOnly = new RegExp(
        `import type [^;]*'${isOurs ? './' : ''}[^']*${to.replace(/^.*\//, '').replace('.ts', '')}'`,
      ).test(source(from));
      if (!isOurs) return layer.packages.test(to) && !isTypeOnly;
      return folderOf(from) === folderOf(to) && layer.suffixes.includes(suffixOf(to)) && !isTypeOnly;
    });
    expect(shown(broken)).toEqual([]);
  });

  it('reads clock, chance and environment in platform only', () => {
    const own = /\bDate\.now\(|new Date\(\)|Math\.random\(|process\.env|randomBytes|randomInt/;
    const broken = files.filter(
      (file) =>
        !file.startsWith('platform/') &&
        !ASSEMBLY.test(file) &&
        !/^cli\/(index|gateway-commands)\.ts$/.test(file) &&
        own.test(source(file)),
    );
    expect(broken).toEqual([]);
  });

  it('opens sessions in auth-flow only', () => {
    const broken = files.filter(
      (file) => !/^features\/(auth-flow|sessions)\//.test(file) && source(file).includes('SessionGrant'),
    );
    expect(broken).toEqual([]);
  });

  it('says in every index.ts of a folder what the folder is for', () => {
    const broken = files.filter(
      (file) => file.endsWith('/index.ts') && !/^(#!.*\n)?\/\*\*/.test(source(file)),
    );
    expect(broken).toEqual([]);
  });

  it('has no cycle of imports', () => {
    const graph = new Map(
      files.map((file) => [file, ours.filter(({ from }) => from === file).map(({ to }) => to)]),
    );
    const done = new Set<string>();
    const cycleFrom = (file: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return undefined;
      for (const to of graph.get(file) ?? []) {
        const cycle = cycleFrom(to, [...path, file]);
        if (cycle) return cycle;
      }
      done.add(file);
      return undefined;
    };
    expect(files.map((file) => cycleFrom(file, [])).find(Boolean)).toBeUndefined();
  });
});
