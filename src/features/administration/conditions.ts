/** The conditions of one statement and their values. The text depends only on which are given, never on a value. */
export class Conditions {
  readonly values: unknown[] = [];
  private readonly texts: string[] = [];

  /** Each `$?` in the text stands for the value. */
  add(text: string, value?: unknown): this {
    this.texts.push(text.includes('$?') ? text.replaceAll('$?', this.bind(value)) : text);
    return this;
  }

  /** The name of a value that stands elsewhere in the statement. */
  bind(value: unknown): string {
    this.values.push(value);
    return `$${String(this.values.length)}`;
  }

  get where(): string {
    return this.texts.length === 0 ? 'true' : this.texts.map((text) => `(${text})`).join(' AND ');
  }
}
