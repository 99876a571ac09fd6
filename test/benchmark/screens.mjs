/** The waiting screens, in a process of their own: opens one socket for each flow token, and notes when frames come. */
import WebSocket from 'ws';

const FLOW = `subscription WatchFlow($flowToken: String!) { authFlow(flowToken: $flowToken) {
  id status reason purpose accountHint applicationName enrollableKinds promptReasons expiresAt serverTime
  factors { id kind label hint isPreferred }
  challenge { __typename id kind expiresAt resendableAt delivery factor { id }
    ... on CodeChallenge { sentTo codeLength codeFormat attemptsRemaining } } } }`;
const OPENING_AT_ONCE = 50;

process.once('message', (order) => void openAll(order));
process.stdout.write('ready\n');

async function openAll({ url, flowTokens, addresses }) {
  const left = flowTokens.map((flowToken, index) => ({ flowToken, index }));
  const worker = async () => {
    for (let next = left.pop(); next; next = left.pop())
      await open(url, next, addresses[next.index % addresses.length]);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, worker));
  process.send({ opened: flowTokens.length });
}

/** Resolves with the first state. The end of a flow is told to the parent, with the instant of its frame. */
function open(url, { flowToken, index }, localAddress) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, 'graphql-transport-ws', { localAddress, perMessageDeflate: false });
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`a screen was closed with ${code}`)));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    socket.on('message', (data) => {
      const at = process.hrtime.bigint();
      const message = JSON.parse(data);
      if (message.type === 'connection_ack') {
        const payload = { query: FLOW, variables: { flowToken } };
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
      } else if (message.type === 'next') {
        const { status } = message.payload.data.authFlow;
        if (status === 'CHALLENGE_PENDING') resolve();
        else process.send({ ended: index, status, at: String(at) });
      } else if (message.type === 'error') reject(new Error(JSON.stringify(message.payload)));
    });
  });
}
