import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import http from 'node:http';
import WebSocket from 'ws';

/** Starts a program of ours and waits until it prints its address, or says that it is ready. */
export async function start(command, environment = {}) {
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`${command.join(' ')} ended with ${code}`)),
    ),
  ]);
  child.stdout.resume();
  return child;
}

export async function stop(child) {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Milliseconds of CPU, user and system, that the process has used; with `ofEnded` also its ended children. */
function usedBy(pid, ofEnded = false) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold blanks: fields count from behind it (proc(5): 14 utime … 17 cstime).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, ofEnded ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ms: ticks * 10 };
}

const parentOf = (pid) => usedBy(pid).parent;

/** CPU of a whole PostgreSQL server: its postmaster, all backends and workers, and those that have ended. */
function usedByServer(postmaster) {
  let ms = usedBy(postmaster, true).ms;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const process = usedBy(name);
      if (process.parent === postmaster) ms += process.ms;
    } catch {
      // It ended between the two looks, and is counted with its parent from now on.
    }
  }
  return ms;
}

/** Counts what a process and the PostgreSQL behind it use while the work is done. */
export async function cpuOf(pid, backendPid, work) {
  const postmaster = parentOf(backendPid);
  const before = { own: usedBy(pid).ms, database: usedByServer(postmaster) };
  await work();
  return { own: usedBy(pid).ms - before.own, database: usedByServer(postmaster) - before.database };
}

/** Resident memory in KiB. */
export const residentKib = (pid) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

/** The inspector of a process started with `--inspect-port`; it opens at SIGUSR1, so nothing of it runs before. */
export async function inspect(child, port) {
  child.kill('SIGUSR1');
  const target = await retried(async () => {
    const [found] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
    return found.webSocketDebuggerUrl;
  });
  const socket = new WebSocket(target, { perMessageDeflate: false });
  await once(socket, 'open');
  let last = 0;
  return {
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        const id = (last += 1);
        const hear = (data) => {
          const message = JSON.parse(data);
          if (message.id !== id) return;
          socket.off('message', hear);
          if (message.error) reject(new Error(message.error.message));
          else resolve(message.result);
        };
        socket.on('message', hear);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

async function retried(work, attempts = 50) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Posts JSON over connections that stay open; cheaper than `fetch`, so that the load takes less of the machine. */
export function poster(url, connections) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const headers = { 'content-type': 'application/json', 'user-agent': USER_AGENT };
  return (body) =>
    new Promise((resolve, reject) => {
      const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      });
      request.on('error', reject);
      request.end(JSON.stringify(body));
    });
}

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
