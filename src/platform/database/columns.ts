import { DefaultNamingStrategy, type NamingStrategyInterface } from 'typeorm';

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Columns are snake_case in SQL and camelCase in TypeScript. */
export class SnakeNaming extends DefaultNamingStrategy implements NamingStrategyInterface {
  override columnName(propertyName: string, customName: string | undefined): string {
    return customName ?? snake(propertyName);
  }
}

const known = new Map<string, string>();

/** The rows of a hand-written statement with the property names of the entity. */
export function camelRows<T>(rows: readonly Record<string, unknown>[]): T[] {
  return rows.map((row) => {
    const named: Record<string, unknown> = {};
    for (const column in row) {
      let property = known.get(column);
      if (property === undefined) known.set(column, (property = camel(column)));
      named[property] = row[column];
    }
    return named as T;
  });
}
