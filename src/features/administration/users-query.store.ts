import type { Role } from '../../kernel';
import type { UserStatus } from '../users';
import { Conditions } from './conditions';
import type { Source } from './list-queries';

/** All conditions given must hold. */
export interface UserFilter {
  /** Beginning of address or name. */
  readonly search?: string | null;
  readonly status?: UserStatus | null;
  /** Who holds it, or one that includes it. */
  readonly role?: Role | null;
  readonly hasMfa?: boolean | null;
}

/** The last character there is: what begins with a text sorts before the text with this added. */
const LAST = '\u{10ffff}';

const beginsWith = (column: string, text: string): string =>
  `${column} ~>=~ ${text} AND ${column} ~<~ (${text} || '${LAST}')`;

/** Addresses are in their normal form; names are lowered by the database, and so is what they are compared with. */
function beginning(conditions: Conditions, search: string): string {
  const text = search.normalize('NFC').trim();
  const email = conditions.bind(search.normalize('NFKC').trim().toLowerCase());
  const name = `lower(${conditions.bind(text)})`;
  return `${beginsWith('t.email_key', email)} OR ${beginsWith('lower(t.display_name)', name)}`;
}

/** The index of those few holds the first condition only. */
const OF_STAFF = `t.roles && '{HELP_DESK,ADMIN}'`;
const ROLES: Record<Role, readonly string[]> = {
  USER: [],
  HELP_DESK: [OF_STAFF],
  ADMIN: [OF_STAFF, `t.roles && '{ADMIN}'`],
};

export function usersBy(filter: UserFilter, after: string | null): Source {
  const conditions = new Conditions();
  const { search, status, role, hasMfa } = filter;
  if (after !== null) conditions.add('t.id < $?', after);
  if (search != null) conditions.add(beginning(conditions, search));
  // Written into the statement, so that the index of what is rare is seen to fit.
  if (status != null) conditions.add(`t.status = '${status}'`);
  if (role != null) for (const text of ROLES[role]) conditions.add(text);
  if (hasMfa != null) conditions.add(hasMfa ? 't.has_factor' : 'NOT t.has_factor');
  return { table: 'users', conditions, hasAlternatives: search != null };
}
