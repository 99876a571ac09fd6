import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

const FINISH_MS = 30_000;
const LOOK_MS = 100;

/**
 * Ends an HTTP server without cutting anybody off: it takes no new connections, answers what it has received,
 * and waits at most 30 s for that. A connection on which nobody asks anything, such as a browser opens ahead
 * of need, is not waited for, though Node would.
 */
export class GracefulStop {
  isStopping = false;
  private running = 0;

  constructor(private readonly fastify: FastifyInstance) {
    fastify.server.on('request', (_request, response: ServerResponse) => {
      this.running += 1;
      response.once('close', () => (this.running -= 1));
    });
    fastify.addHook('onSend', async (_request, reply) => {
      if (this.isStopping) reply.header('connection', 'close');
    });
  }

  /** `sendAway` ends the long-lived connections, which would not end by themselves. */
  async stop(sendAway: () => Promise<void>): Promise<void> {
    this.isStopping = true;
    const { server } = this.fastify;
    const look = setInterval(() => {
      if (this.running === 0) server.closeAllConnections();
    }, LOOK_MS);
    const impatience = setTimeout(() => server.closeAllConnections(), FINISH_MS);
    await Promise.all([sendAway(), this.fastify.close()]);
    clearInterval(look);
    clearTimeout(impatience);
  }
}
