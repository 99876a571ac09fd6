/**
 * The few words of PostgreSQL's wire protocol that the embedded database speaks itself.
 * Everything else passes between `pg` and PGlite unread (PostgreSQL manual, "Message Formats").
 */

const HEADER_BYTES = 5;
const [QUERY, SYNC, FLUSH, TERMINATE, READY] = [0x51, 0x53, 0x48, 0x58, 0x5a];

/** The server's answer to a start-up packet: AuthenticationOk, then ReadyForQuery outside a transaction. */
export const WELCOME = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]);

export const isTerminate = (request: Buffer): boolean => request[0] === TERMINATE;

/**
 * How many of the bytes are whole requests: up to the last Query, Sync, Flush or Terminate message.
 * A Parse or Bind in front of its Sync is not one yet, since another connection must not come between.
 */
export function requestBytes(received: Buffer): number {
  let end = 0;
  for (let at = 0; at + HEADER_BYTES <= received.length;) {
    const next = at + 1 + received.readUInt32BE(at + 1);
    if (next > received.length) break;
    if ([QUERY, SYNC, FLUSH, TERMINATE].includes(received[at] ?? 0)) end = next;
    at = next;
  }
  return end;
}

/** Whether a reply ends with a ReadyForQuery that says "no transaction is open" (neither open nor failed). */
export const leavesIdle = (reply: Buffer): boolean =>
  reply.at(-HEADER_BYTES - 1) === READY && reply.at(-1) === 'I'.charCodeAt(0);

/** An ErrorResponse, then ReadyForQuery: what `pg` turns into an error with `code`. */
export function errorReply(sqlState: string, text: string): Buffer {
  const fields = [`SERROR`, `VERROR`, `C${sqlState}`, `M${text}`, ''];
  return Buffer.concat([message('E', Buffer.from(`${fields.join('\0')}\0`)), message('Z', Buffer.from('I'))]);
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
