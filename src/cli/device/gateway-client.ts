import { z } from 'zod';
import { DeviceError } from './device-error';

const reply = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional() }))
    .optional(),
});

export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Sends one operation; gives the named root field. */
export async function ask<T>(
  graphqlUrl: string,
  operation: Operation,
  field: { readonly name: string; readonly schema: z.ZodType<T> },
  authorization?: string,
): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) };
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers,
    body: JSON.stringify(operation),
  }).catch((error: unknown) => {
    throw new DeviceError('UNREACHABLE', `${graphqlUrl} cannot be reached: ${reasonOf(error)}`);
  });
  const parsed = reply.safeParse(await response.json().catch(() => undefined));
  const [error] = parsed.data?.errors ?? [];
  if (error) throw new DeviceError(error.extensions?.code ?? 'UNKNOWN', error.message);
  const value = field.schema.safeParse(parsed.data?.data?.[field.name]);
  if (value.success) return value.data;
  throw new DeviceError('NOT_A_GATEWAY', `${graphqlUrl} does not answer as a gateway does`);
}

// `fetch` hides what happened in the cause, and for a name with several addresses behind an empty message.
function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { message?: string; code?: string }; message?: string };
  return cause?.message || cause?.code || message || 'unknown';
}
