import { LineCounter, parseAllDocuments, stringify, type Document, type Node } from 'yaml';
import { POLICY_SECTIONS, valueAt, type Form, type PolicyKey, type PolicySection } from './policy-keys';
import { PolicyReading, type Fault } from './policy-reading';
import type { PolicyValues } from './policy';
import { policyValues } from './policy-values';

/** Larger files are refused; 10,000 networks are smaller. */
const BYTES_MAX = 262_144;
/** No policy is nested so deeply, and the parser's stack is not endless. */
const NESTED_DEEPLY = /(?:[[{]\s*){12}|(?:[-?:][ \t]+){20}|(?:[-?:][ \t]*\n[ \t]*){40}/;
const DOCUMENTS_MAX = 2;
/** More faults than this are counted only. */
const FAULTS_MAX = 50;

export type ParsedPolicyFile = { readonly values: PolicyValues } | { readonly faults: readonly string[] };

/**
 * Reads a policy file (YAML). What is left out has its default. All faults are told at once, each as `line:column: text`:
 * unknown and doubled keys, wrong values, aliases, broken YAML. An empty file is refused: it is more likely cut off than
 * meant.
 */
export function parsePolicyFile(text: string): ParsedPolicyFile {
  if (Buffer.byteLength(text) > BYTES_MAX) return { faults: ['1:1: a policy file has at most 256 KiB'] };
  if (NESTED_DEEPLY.test(text)) return { faults: ['1:1: nested too deeply'] };
  if ((text.match(/^---/gm)?.length ?? 0) > DOCUMENTS_MAX)
    return { faults: ['1:1: only one document is allowed in a file'] };
  const { text: clean, taken } = withoutStrayBackslashes(text);
  const lines = new LineCounter();
  const told = (faults: readonly Fault[]): ParsedPolicyFile => ({ faults: shown(faults, lines, taken) });
  const { root, faults } = rootOf(clean, lines);
  if (!root) return told(faults);

  const reading = new PolicyReading();
  reading.read(root);
  const checked = policyValues.safeParse(reading.draft);
  const wrong = checked.error?.issues.map(({ path, message }) => reading.faultAt(path, message)) ?? [];
  const all = [...faults, ...reading.faults, ...wrong];
  return checked.success && all.length === 0 ? { values: checked.data } : told(all);
}

/** A list item copied from a web page may begin with `\-`. Gives how many characters were taken from which line. */
function withoutStrayBackslashes(text: string): { text: string; taken: ReadonlyMap<number, number> } {
  const taken = new Map<number, number>();
  const lines = text.split('\n').map((line, index) => {
    const [, indent = '', strays = '', rest = ''] = /^([ \t]*)(\\+)(- .*)$/s.exec(line) ?? [];
    if (strays === '') return line;
    taken.set(index + 1, strays.length);
    return indent + rest;
  });
  return { text: lines.join('\n'), taken };
}

/** With the `failsafe` schema every scalar is its text: `off`, `010` and `2031-01-01` are what they look like. */
function rootOf(text: string, lineCounter: LineCounter): { root?: Node; faults: Fault[] } {
  const options = { lineCounter, schema: 'failsafe', uniqueKeys: false, prettyErrors: false } as const;
  const documents: Document.Parsed[] = [...parseAllDocuments(text, options)];
  const problems = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
  if (problems.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    return { faults: [{ at: 0, text: 'nested too deeply' }] };
  const faults = problems.map(({ pos, message }) => ({ at: pos[0], text: message }));
  if (faults.length > 0) return { faults };
  const [first, second] = documents;
  if (second) return { faults: [{ at: second.range[0], text: 'only one document is allowed in a file' }] };
  const isEmpty =
    !first?.contents || /^\s*$/.test(text.slice(first.contents.range[0], first.contents.range[1]));
  if (!first?.contents || isEmpty) return { faults: [{ at: 0, text: 'the file is empty' }] };
  return { root: first.contents, faults };
}

/** In the order of the text, and one for each place. */
function shown(faults: readonly Fault[], lines: LineCounter, taken: ReadonlyMap<number, number>): string[] {
  const first = new Map<number, string>();
  for (const { at, text } of faults) if (!first.has(at)) first.set(at, text);
  const sorted = [...first].sort(([one], [other]) => one - other);
  const told = sorted.slice(0, FAULTS_MAX).map(([at, text]) => {
    const { line, col } = lines.linePos(at);
    return `${String(Math.max(line, 1))}:${String(Math.max(col, 1) + (taken.get(line) ?? 0))}: ${text}`;
  });
  const [last, rest] = [sorted[FAULTS_MAX], sorted.length - FAULTS_MAX];
  if (!last) return told;
  const { line, col } = lines.linePos(last[0]);
  return [...told, `${String(line)}:${String(col)}: and ${String(rest)} more`];
}

/** The policy as such a file: reading it again gives the same values. */
export function printPolicyFile(values: PolicyValues): string {
  const sections = POLICY_SECTIONS.map((section) => [section.name, printedSection(section, values)] as const);
  const given = sections.filter(([, printed]) => printed !== undefined);
  return stringify(Object.fromEntries(given), { lineWidth: 0 });
}

function printedSection(section: PolicySection, values: PolicyValues): unknown {
  const { off, namedIn, keys } = section;
  if (off && valueAt(values, off.to) === off.value) return 'off';
  if (!namedIn) return printedKeys(keys, (path) => valueAt(values, path));
  if (values[namedIn].length === 0) return undefined;
  // A map keeps the order, also of names that look like numbers.
  return new Map(values[namedIn].map((one) => [one.name, printedRecord(keys, one)]));
}

const printedRecord = (keys: readonly PolicyKey[], record: object): object =>
  printedKeys(keys, ([field = '']) => (record as Record<string, unknown>)[field]);

/** Without what is null (it has no word in the file), and without a short form that does not say all. */
function printedKeys(keys: readonly PolicyKey[], valueOf: (path: readonly string[]) => unknown): object {
  const printed: [string, unknown][] = [];
  const said = new Set<string>();
  for (const { key, to, form } of keys) {
    const held = to.map(valueOf);
    if (held[0] === null || held.some((value) => value !== held[0])) continue;
    if (to.every((path) => said.has(path.join('/')))) continue;
    for (const path of to) said.add(path.join('/'));
    printed.push([key, written(form, held[0])]);
  }
  return Object.fromEntries(printed);
}

function written(form: Form, value: unknown): unknown {
  if (form.is === 'word') return form.write(value);
  const items = value as readonly unknown[];
  if (form.is === 'list') return items.map((item) => form.of.write(item));
  return items.map((item) => printedRecord(form.keys, item as object));
}
