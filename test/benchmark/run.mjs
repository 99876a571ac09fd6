/**
 * `npm run bench`: what one gateway process on PostgreSQL and Redis costs. Prints the figures of docs/benchmarks.md.
 * All servers are throwaway ones, started here on free ports and stopped at the end.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import pg from 'pg';
import { addFloorUsers, addSignIns, keyringLine } from './population.mjs';
import { start, stop } from './processes.mjs';
import { PER_ROUND, ROUNDS, USERS, WARM_UP, floorStep, gatewayStep, measured, runAll } from './verifying.mjs';
import { SCREENS, waitingScreens } from './waiting.mjs';

const require = createRequire(import.meta.url);
const { startPostgres } = require('../support/postgres.ts');
const { startRedis } = require('../support/redis.ts');
const { freePort } = require('../support/server-process.ts');

const local = (name) => new URL(name, import.meta.url).pathname;
const say = (text) => process.stdout.write(`${text}\n`);
const shown = (value) => value.toFixed(2);
const median = (figures) =>
  [...figures].sort((one, other) => one.total - other.total)[Math.floor(figures.length / 2)];

const children = [];
const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
if (!postgres || !redis) throw new Error('the benchmark needs PostgreSQL and Redis on this machine');
try {
  say(`${availableParallelism()} cores (${cpus()[0].model}), Node ${process.version}`);
  const gateway = await startGateway();
  const floor = await startFloor();
  await verifying(gateway, floor);
  await waiting(gateway);
} finally {
  await Promise.all(children.map(stop));
  await Promise.all([postgres.stop(), redis.stop()]);
}

async function startGateway() {
  const [databaseUrl, port, inspectPort] = [
    await postgres.createDatabase(),
    await freePort(),
    await freePort(),
  ];
  const environment = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    KEYRING: keyringLine,
    PORT: String(port),
    PUBLIC_URL: 'https://id.example.com',
    LOG_LEVEL: 'warn',
    // The load comes from few addresses.
    ADDRESS_REQUESTS_PER_MINUTE: '1000000',
  };
  execFileSync(process.execPath, [local('../../dist/cli/index.js'), 'migrate'], {
    env: { ...process.env, ...environment },
  });
  const client = await connected(databaseUrl);
  const child = await begin([`--inspect-port=${inspectPort}`, local('../../dist/main.js')], environment);
  return { child, client, inspectPort, url: `http://127.0.0.1:${port}` };
}

async function startFloor() {
  const [databaseUrl, port] = [await postgres.createDatabase(), await freePort()];
  const client = await connected(databaseUrl);
  const child = await begin([local('floor.mjs')], { DATABASE_URL: databaseUrl, PORT: String(port) });
  return { child, client, url: `http://127.0.0.1:${port}` };
}

async function begin(command, environment) {
  const child = await start(command, environment);
  children.push(child);
  return child;
}

async function connected(url) {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function verifying(gateway, floor) {
  const { pid: backendPid } = (await gateway.client.query('SELECT pg_backend_pid() AS pid')).rows[0];
  const sides = [
    {
      name: 'gateway',
      pid: gateway.child.pid,
      step: gatewayStep(gateway.url),
      subjects: await addSignIns(gateway.client, USERS),
    },
    {
      name: 'floor',
      pid: floor.child.pid,
      step: floorStep(floor.url),
      subjects: await addFloorUsers(floor.client, USERS),
    },
  ];
  for (const { step, subjects } of sides) await runAll(step, subjects.splice(0, WARM_UP));
  const figures = { gateway: [], floor: [] };
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { name, pid, step, subjects } of sides) {
      figures[name].push(await measured({ pid, backendPid, step, subjects: subjects.splice(0, PER_ROUND) }));
    }
  }
  say(
    `\nVerifying a code, ${ROUNDS} rounds of ${PER_ROUND}, 8 at a time; CPU per sign-in in ms, median round`,
  );
  const [ofGateway, ofFloor] = [median(figures.gateway), median(figures.floor)];
  for (const [name, figure] of [
    ['gateway', ofGateway],
    ['floor', ofFloor],
  ]) {
    say(
      `  ${name.padEnd(8)} ${shown(figure.total)} = process ${shown(figure.process)} + PostgreSQL ${shown(figure.database)}; ` +
        `${Math.round(figure.perSecond)} per second`,
    );
  }
  say(`  ratio    ${shown(ofGateway.total / ofFloor.total)}`);
}

async function waiting(gateway) {
  const flowTokens = await addSignIns(gateway.client, SCREENS);
  const { url, inspectPort, child } = gateway;
  const got = await waitingScreens({ gateway: child, inspectPort, url, flowTokens });
  say(`\n${SCREENS} waiting screens on one gateway`);
  say(`  memory per screen                      ${shown(got.kibPerScreen)} KiB`);
  for (const [name, { p50, p99 }] of [
    ['the answer itself, sending to reply', got.ofMutation],
    ['sending the answer to frame at screen', got.fromSending],
    ['reply of the answer to frame at screen', got.fromReply],
  ]) {
    say(`  ${name.padEnd(38)} p50 ${shown(p50)} ms, p99 ${shown(p99)} ms`);
  }
}
