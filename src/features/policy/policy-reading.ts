import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { WordForm } from './policy-forms';
import { POLICY_SECTIONS, placesOf, type PolicyKey, type PolicySection } from './policy-keys';

/** What a fault is about: where it stands, and by which name. */
interface Place {
  readonly at: number;
  readonly name?: string;
  readonly unit?: string | undefined;
}

export interface Fault {
  /** Offset in the text. */
  readonly at: number;
  readonly text: string;
}

interface Entry {
  readonly name: string;
  readonly at: number;
  readonly value: Node | null;
}

/**
 * Turns the nodes of a policy file into values that are not checked yet, and keeps where each came from. Nothing is
 * passed over: what it does not know is a fault.
 */
export class PolicyReading {
  readonly draft: Record<string, unknown> = {};
  readonly faults: Fault[] = [];
  private readonly places = new Map<string, Place>();

  read(root: Node): void {
    const given = new Map<PolicySection, Entry[]>(POLICY_SECTIONS.map((section) => [section, []]));
    for (const entry of this.entries(root, 'a policy')) {
      const section = POLICY_SECTIONS.find(({ name }) => name === entry.name);
      if (section) given.get(section)?.push(...this.inside(section, entry));
      else this.homeOf(entry, given)?.push(entry);
    }
    for (const [section, entries] of given) {
      if (section.namedIn) this.named(section, section.namedIn, entries);
      else this.keys(section.keys, this.once(entries), this.draft, [], section.name);
    }
  }

  /** The fault that belongs to a path of the values. */
  faultAt(path: readonly PropertyKey[], message: string): Fault {
    for (let length = path.length; length > 0; length -= 1) {
      const place = this.places.get(path.slice(0, length).join('/'));
      if (!place) continue;
      const name = place.name ?? snake(String(path[length] ?? ''));
      const unit = place.unit ? `, in ${place.unit}` : '';
      return { at: place.at, text: `${name ? `${name}: ` : ''}${message}${unit}` };
    }
    return { at: 0, text: message };
  }

  private fault(at: number, text: string): void {
    this.faults.push({ at, text });
  }

  /** A key at the top, as on a web page that has lost its indentation. */
  private homeOf(entry: Entry, given: ReadonlyMap<PolicySection, Entry[]>): Entry[] | undefined {
    const places = placesOf(entry.name);
    const section = POLICY_SECTIONS.find(({ name }) => name === places[0]);
    if (places.length === 1 && section) return given.get(section);
    const [first] = places;
    if (first === undefined) this.fault(entry.at, unknown(entry.name, 'a policy', POLICY_SECTIONS));
    else if (places.length > 1)
      this.fault(entry.at, `${entry.name} may belong to ${places.join(' or to ')}: indent it below one`);
    else this.fault(entry.at, `${entry.name} belongs to ${first}: indent it there`);
    return undefined;
  }

  private inside(section: PolicySection, { value, at }: Entry): Entry[] {
    if (isScalar(value)) {
      if (value.value === '') return [];
      if (section.off && value.value === 'off') {
        this.put(this.draft, section.off.to, section.off.value, { at: startOf(value, at) });
        return [];
      }
    }
    if (section.isAlsoList && isSeq(value))
      return (value.items as Node[]).flatMap((item) => this.entries(item, section.name));
    const or = section.off ? ', or the word off' : '';
    return this.entries(value, `${section.name}${or}`, at);
  }

  /** Sensitive actions: a map from names to records. */
  private named(section: PolicySection, field: string, entries: readonly Entry[]): void {
    const records = this.once(entries).map((entry, index) => {
      const path = [field, String(index)];
      this.places.set(path.join('/'), { at: entry.at });
      const record = { name: entry.name };
      const isEmpty = isScalar(entry.value) && entry.value.value === '';
      const inner = isEmpty ? [] : this.once(this.entries(entry.value, `the action ${entry.name}`, entry.at));
      this.keys(section.keys, inner, record, path, `the action ${entry.name}`);
      return record;
    });
    if (records.length > 0) this.draft[field] = records;
  }

  /** In the order of the keys, not of the file: of two that set the same, the later key counts. */
  private keys(
    keys: readonly PolicyKey[],
    entries: readonly Entry[],
    target: Record<string, unknown>,
    path: readonly string[],
    where: string,
  ): void {
    for (const { name, at } of entries)
      if (!keys.some(({ key }) => key === name)) this.fault(at, unknown(name, where, keys));
    for (const key of keys) {
      const entry = entries.find(({ name }) => name === key.key);
      if (!entry) continue;
      const value = this.value(key, entry, path);
      if (value === undefined) continue;
      const unit = key.form.is === 'word' ? key.form.unit : undefined;
      const place = { at: startOf(entry.value, entry.at), name: key.key, unit };
      for (const to of key.to) this.put(target, to, value, place, path);
    }
  }

  private value({ key, to, form }: PolicyKey, { value, at }: Entry, path: readonly string[]): unknown {
    if (form.is === 'word') return this.word(form, value, at, key);
    if (!isSeq(value)) {
      this.fault(startOf(value, at), `${key}: must be a list; [] is an empty one`);
      return undefined;
    }
    const below = [...path, ...(to[0] ?? [])];
    return (value.items as Node[]).map((item, index) => {
      const [here, name] = [[...below, String(index)], `${key}, item ${String(index + 1)}`];
      this.places.set(here.join('/'), { at: startOf(item, at), ...(form.is === 'list' ? { name } : {}) });
      if (form.is === 'list') return this.word(form.of, item, at, name) ?? '';
      const record: Record<string, unknown> = {};
      this.keys(form.keys, this.once(this.entries(item, name)), record, here, name);
      return record;
    });
  }

  private word(form: WordForm, node: Node | null, near: number, name: string): unknown {
    const at = startOf(node, near);
    if (isAlias(node)) return void this.fault(at, 'aliases are not allowed here: write it out');
    const value = isScalar(node) ? form.read(String(node.value)) : undefined;
    if (value === undefined) this.fault(at, `${name}: must be ${form.says.replaceAll('`', '')}`);
    return value;
  }

  private put(
    target: Record<string, unknown>,
    [field = '', inner]: readonly string[],
    value: unknown,
    place: Place,
    path: readonly string[] = [],
  ): void {
    const within = inner === undefined ? target : ((target[field] ??= {}) as Record<string, unknown>);
    within[inner ?? field] = value;
    this.places.set([...path, field, ...(inner === undefined ? [] : [inner])].join('/'), place);
  }

  private entries(node: Node | null, what: string, near = 0): Entry[] {
    if (isMap(node)) return node.items.flatMap((pair) => this.entry(pair as Pair<Node, Node>));
    if (isAlias(node)) this.fault(startOf(node, near), 'aliases are not allowed here: write it out');
    else this.fault(startOf(node, near), `${what} must be a map: "key: value" lines`);
    return [];
  }

  private entry({ key, value }: Pair<Node, Node>): Entry | [] {
    if (isScalar(key)) return { name: String(key.value), at: startOf(key, 0), value };
    this.fault(startOf(key, 0), 'a key must be a word');
    return [];
  }

  /** The entries without those that are given a second time, which are faults. */
  private once(entries: readonly Entry[]): Entry[] {
    const names = new Set<string>();
    return entries.filter(({ name, at }) => {
      if (names.has(name)) this.fault(at, `${name} is given twice`);
      return !names.has(name) && names.add(name);
    });
  }
}

const startOf = (node: Node | null, otherwise: number): number => node?.range?.[0] ?? otherwise;

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const unknown = (name: string, where: string, known: readonly (PolicyKey | PolicySection)[]): string =>
  `unknown key ${JSON.stringify(name)} in ${where}; known are ${known
    .map((one) => ('key' in one ? one.key : one.name))
    .join(', ')}`;
