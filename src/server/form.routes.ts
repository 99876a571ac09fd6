import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '../kernel';
import {
  PLAIN_PAGE_POLICY,
  addressKey,
  clientContext,
  page,
  type FormReply,
  type FormRequest,
} from '../platform';
import type { GatewayApp } from './gateway-app';

const FORM_BYTES = 4096;

/** The plain pages that messages link to. What they act on is named by a secret in the form; no cookie counts. */
export function formRoutes(fastify: FastifyInstance, app: GatewayApp): void {
  void fastify.register((scope, _options, done) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_BYTES },
      (_request, body, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(body as string))),
    );
    for (const route of app.pages) {
      scope.get(route.path, async (request, reply) =>
        send(reply, () => route.show(told(request, request.query))),
      );
      scope.post(route.path, async (request, reply) =>
        send(reply, () => route.act(told(request, request.body))),
      );
    }
    done();
  });
}

function told(request: FastifyRequest, fields: unknown): FormRequest {
  const texts = Object.entries((fields ?? {}) as Record<string, unknown>).filter(
    (field): field is [string, string] => typeof field[1] === 'string',
  );
  return {
    fields: Object.fromEntries(texts),
    client: clientContext(request.ip, request.headers['user-agent']),
    addressKey: addressKey(request.ip),
  };
}

async function send(reply: FastifyReply, answer: () => Promise<FormReply>): Promise<FastifyReply> {
  const { status, html } = await answer().catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    return {
      status: 429,
      html: page({
        language: 'en',
        title: 'Please wait',
        body: '<h1>Please wait</h1><p>There were too many tries from here. Please try again later.</p>',
      }),
    };
  });
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', PLAIN_PAGE_POLICY)
    .send(html);
}
