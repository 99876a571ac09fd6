import { type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Runs a command of the command line inside the gateway and gives its exit code. */
export type HandleCommand = (command: string[], write: (line: string) => unknown) => Promise<number>;

/** Both sides speak one JSON value per line. */
const Request = z.object({ command: z.array(z.string()) });
const Reply = z.union([z.object({ line: z.string() }), z.object({ exit: z.number().int() })]);
type Reply = z.infer<typeof Reply>;

/** Answers one connection. Who only looks whether the folder is held sends nothing, and gets nothing. */
export function answerCommand(socket: Socket, handler: Promise<HandleCommand>): void {
  // The asker may leave while its command runs; the command is finished all the same.
  socket.on('error', () => undefined);
  createInterface({ input: socket }).once('line', (text) => {
    const say = (reply: Reply): Promise<void> => sent(socket, `${JSON.stringify(reply)}\n`);
    void run(text, handler, say).finally(() => socket.end());
  });
}

async function run(
  text: string,
  handler: Promise<HandleCommand>,
  say: (reply: Reply) => Promise<void>,
): Promise<void> {
  try {
    const { command } = Request.parse(JSON.parse(text));
    const handle = await handler;
    await say({ exit: await handle(command, (line) => say({ line })) });
  } catch (error) {
    await say({ line: `error: ${error instanceof Error ? error.message : String(error)}` });
    await say({ exit: 1 });
  }
}

/** Settles at once while the asker keeps up, else when it has taken what was written, or has left. */
function sent(socket: Socket, text: string): Promise<void> {
  if (!socket.writable || socket.write(text)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

/** Sends the command and passes the lines on as they come. */
export async function sendCommand(
  socket: Socket,
  command: readonly string[],
  write: (line: string) => unknown,
): Promise<number> {
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify({ command })}\n`);
  try {
    for await (const text of createInterface({ input: socket })) {
      const reply = Reply.parse(JSON.parse(text));
      if ('exit' in reply) return reply.exit;
      await write(reply.line);
    }
  } finally {
    socket.destroy();
  }
  throw new Error('the gateway stopped before the command was done');
}
