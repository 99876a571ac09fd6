import { once } from 'node:events';
import { inspect, poster, residentKib, start, stop } from './processes.mjs';

export const SCREENS = 5_000;
const ANSWERS = 500;
/** More than SOCKETS_PER_ADDRESS allows from one. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];
const CANCEL = `mutation($input: CancelAuthFlowInput!) { cancelAuthFlow(input: $input) { flow { status } errors { code } } }`;

/** Opens all screens, then ends some of their flows one after the other from this process. */
export async function waitingScreens({ gateway, inspectPort, url, flowTokens }) {
  const inspector = await inspect(gateway, inspectPort);
  const before = await settledKib(gateway.pid, inspector);
  const screens = await start([new URL('screens.mjs', import.meta.url).pathname]);
  screens.send({ url: `${url.replace('http', 'ws')}/graphql`, flowTokens, addresses: ADDRESSES });
  await once(screens, 'message');
  const waiting = await settledKib(gateway.pid, inspector);
  const delays = await answer(screens, url, flowTokens.slice(0, ANSWERS));
  inspector.close();
  await stop(screens);
  return { kibPerScreen: (waiting - before) / flowTokens.length, ...delays };
}

/** For each answer: from its sending and from its reply to the frame at the screen, in milliseconds. */
async function answer(screens, url, flowTokens) {
  const post = poster(`${url}/graphql`, 1);
  const ofMutation = [];
  const fromSending = [];
  const fromReply = [];
  for (const [index, flowToken] of flowTokens.entries()) {
    const shown = once(screens, 'message');
    const sent = process.hrtime.bigint();
    const { text } = await post({ query: CANCEL, variables: { input: { flowToken } } });
    const replied = process.hrtime.bigint();
    if (JSON.parse(text).data?.cancelAuthFlow.flow?.status !== 'CANCELED') throw new Error(text);
    const [frame] = await shown;
    if (frame.ended !== index || frame.status !== 'CANCELED') throw new Error(JSON.stringify(frame));
    ofMutation.push(milliseconds(replied - sent));
    fromSending.push(milliseconds(BigInt(frame.at) - sent));
    fromReply.push(milliseconds(BigInt(frame.at) - replied));
  }
  return {
    ofMutation: quantiles(ofMutation),
    fromSending: quantiles(fromSending),
    fromReply: quantiles(fromReply),
  };
}

/** Resident memory after what is no longer used was freed. */
async function settledKib(pid, inspector) {
  for (let turn = 0; turn < 3; turn += 1) {
    await inspector.send('HeapProfiler.collectGarbage');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return residentKib(pid);
}

const milliseconds = (nanoseconds) => Number(nanoseconds) / 1e6;

function quantiles(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p99: at(0.99) };
}
