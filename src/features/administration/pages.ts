import { RequestFault, isId, type IdPrefix } from '../../kernel';

const FIRST_MAX = 100;

/** Which part of a list is asked for: at most `first` rows that follow the row `after`. */
export interface Page {
  readonly first: number;
  /** The id of the last row seen; null: from the beginning. */
  readonly after: string | null;
}

/** One part of a list, and whether there is more. */
export interface Paged<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
}

/** What the client asks for, checked. A cursor of another list, or one that was made up, is refused like a wrong number. */
export function pageOf(first: number, after: string | null | undefined, prefix: IdPrefix): Page {
  if (!Number.isInteger(first) || first < 1 || first > FIRST_MAX)
    throw new RequestFault('BAD_USER_INPUT', `\`first\` must be from 1 to ${String(FIRST_MAX)}.`);
  if (after == null) return { first, after: null };
  const id = Buffer.from(after.slice(0, 64), 'base64url').toString();
  if (!isId(prefix, id) || cursorOf(id) !== after)
    throw new RequestFault('BAD_USER_INPUT', '`after` is no cursor of this list.');
  return { first, after: id };
}

/** Opaque to clients: where a row stands, not what it holds. */
export const cursorOf = (id: string): string => Buffer.from(id).toString('base64url');

/** From one row more than was asked for. */
export const paged = <Row>(rows: readonly Row[], { first }: Page): Paged<Row> => ({
  rows: rows.slice(0, first),
  hasNextPage: rows.length > first,
});
