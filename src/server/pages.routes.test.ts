import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { send } from '../../test/support/post';
import { pageRoutes } from './pages.routes';

let folder: string;
let fastify: FastifyInstance;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'));
  fastify = Fastify();
});
afterEach(async () => {
  await fastify.close();
  rmSync(folder, { recursive: true });
});

function build(): void {
  for (const sub of ['assets', 'graphiql']) mkdirSync(join(folder, 'web', sub), { recursive: true });
  for (const page of ['index.html', 'dev-inbox.html', 'graphiql/index.html']) {
    writeFileSync(join(folder, 'web', page), `<title>${page}</title>`);
  }
  writeFileSync(join(folder, 'web/assets/main-0123abcd.js'), 'run()');
  writeFileSync(join(folder, 'web/assets/.hidden'), 'secret');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
}

/** Serves the pages of the folder and asks for one path, exactly as written. */
async function get(path: string) {
  if (!fastify.server.listening) {
    pageRoutes(fastify, join(folder, 'web'));
    await fastify.listen({ port: 0, host: '127.0.0.1' });
  }
  const { port } = fastify.server.address() as AddressInfo;
  const { status, headers, text } = await send(`http://127.0.0.1:${String(port)}`, { method: 'GET', path });
  return {
    status,
    text,
    caching: headers['cache-control'],
    policy: String(headers['content-security-policy']),
  };
}

test('pages that were never built are a plain hint, not a broken server', async () => {
  for (const path of ['/', '/graphiql', '/dev/inbox']) {
    expect(await get(path)).toMatchObject({
      status: 404,
      text: 'The pages are not built. Run: npm run prepare\n',
    });
  }
});

test('each page comes from its file, under a policy that lets nothing inline or foreign run', async () => {
  build();
  const pages = { '/': 'index.html', '/graphiql': 'graphiql/index.html', '/dev/inbox': 'dev-inbox.html' };
  for (const [path, file] of Object.entries(pages)) {
    const page = await get(path);
    expect(page).toMatchObject({ status: 200, text: `<title>${file}</title>`, caching: undefined });
    expect(page.policy).toContain("default-src 'self'");
    expect(page.policy.replace("style-src 'self' 'unsafe-inline'", '')).not.toMatch(
      /unsafe|\*|https?:|blob:/,
    );
  }
  expect((await get('/')).policy).not.toContain('style-src');
  expect((await get('/graphiql')).policy).toContain("style-src 'self' 'unsafe-inline'");
});

test('assets, which have a hash in their name, are kept for a year, and workers get the policy too', async () => {
  build();
  const asset = await get('/assets/main-0123abcd.js');
  expect(asset).toMatchObject({
    status: 200,
    text: 'run()',
    caching: 'public, max-age=31536000, immutable',
  });
  expect(asset.policy).toContain("default-src 'self'");
});

test.each([
  '/assets/',
  '/assets/.hidden',
  '/assets/../index.html',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/%2e%2e/%2e%2e/secret.txt',
  '/secret.txt',
])('nothing else of the disk is served: %s', async (path) => {
  build();
  const answer = await get(path);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.text).not.toBe('secret');
});
