/** One GraphQL request by HTTP, as a test sends it: any headers, any body, nothing added. */
import { request, type OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly data: unknown;
  readonly errors: readonly {
    message: string;
    path?: unknown;
    extensions: { code: string; correlationId?: string };
  }[];
  /** The code of the first error. */
  readonly code: string | undefined;
}

export interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
}

/** Sends exactly this; a header that is not given is not sent. */
export async function send(
  url: string,
  { path = '/graphql', method = 'POST', headers = {}, body }: Sent,
): Promise<Answer> {
  const answer = await new Promise<{ status: number; headers: Answer['headers']; text: string }>(
    (resolve, reject) => {
      const outgoing = request(`${url}${path}`, { method, headers, agent: false }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('end', () => {
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(parts).toString(),
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    },
  );
  const { data, errors = [] } = jsonOf(answer.text);
  return { ...answer, data, errors, code: errors[0]?.extensions.code };
}

/** A query with variables, sent as every client sends it. */
export const post = (
  url: string,
  query: string,
  variables?: object,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> =>
  send(url, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });

function jsonOf(text: string): { data?: unknown; errors?: Answer['errors'] } {
  try {
    return JSON.parse(text) as { data?: unknown; errors?: Answer['errors'] };
  } catch {
    return {};
  }
}
