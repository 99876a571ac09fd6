import { type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Runs a command of the command line inside the gateway and gives its exit code. */
export type HandleCommand = (command: string[], write: (line: string) => void) => Promise<number>;

/** Both sides speak one JSON value per line. */
const Request = z.object({ command: z.array(z.string()) });
const Reply = z.union([z.object({ line: z.string() }), z.object({ exit: z.number().int() })]);
type Reply = z.infer<typeof Reply>;

/** Answers one connection. Who only looks whether the folder is held sends nothing, and gets nothing. */
export function answerCommand(socket: Socket, handler: Promise<HandleCommand>): void {
  // The asker may leave while its command runs; the command is finished all the same.
  socket.on('error', () => undefined);
  createInterface({ input: socket }).once('line', (text) => {
    const say = (reply: Reply): unknown => socket.writable && socket.write(`${JSON.stringify(reply)}\n`);
    void run(text, handler, say).finally(() => socket.end());
  });
}

async function run(
  text: string,
  handler: Promise<HandleCommand>,
  say: (reply: Reply) => void,
): Promise<void> {
  try {
    const { command } = Request.parse(JSON.parse(text));
    const handle = await handler;
    say({ exit: await handle(command, (line) => say({ line })) });
  } catch (error) {
    say({ line: `error: ${error instanceof Error ? error.message : String(error)}` });
    say({ exit: 1 });
  }
}

/** Sends the command and passes the lines on as they come. */
export async function sendCommand(
  socket: Socket,
  command: readonly string[],
  write: (line: string) => void,
): Promise<number> {
  socket.on('error', () => undefined);
  socket.write(`${JSON.stringify({ command })}\n`);
  try {
    for await (const text of createInterface({ input: socket })) {
      const reply = Reply.parse(JSON.parse(text));
      if ('exit' in reply) return reply.exit;
      write(reply.line);
    }
  } finally {
    socket.destroy();
  }
  throw new Error('the gateway stopped before the command was done');
}
