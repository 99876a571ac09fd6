import { generate } from 'otplib';
import { SECRET } from './population.mjs';
import { cpuOf, poster } from './processes.mjs';

const CONCURRENCY = 8;
export const WARM_UP = 1_000;
export const ROUNDS = 3;
export const PER_ROUND = 1_000;
/** Each user can use a time step only once, so each is measured once. */
export const USERS = WARM_UP + ROUNDS * PER_ROUND;

/** What the login page sends when the code is typed. */
const VERIFY = `mutation VerifyChallenge($input: VerifyChallengeInput!) { verifyChallenge(input: $input) {
  flow {
    id status reason purpose accountHint applicationName enrollableKinds promptReasons expiresAt serverTime
    factors { id kind label hint isPreferred }
    challenge { __typename id kind expiresAt resendableAt delivery factor { id }
      ... on CodeChallenge { sentTo codeLength codeFormat attemptsRemaining } }
  }
  flowToken tokens { accessToken accessTokenExpiresAt } errors { code message path retryAt attemptsRemaining } } }`;

/** One sign-in's last step at the gateway; fails unless it ends with tokens. */
export function gatewayStep(url) {
  const post = poster(`${url}/graphql`, CONCURRENCY);
  return async (flowToken, code) => {
    const { text } = await post({ query: VERIFY, variables: { input: { flowToken, proof: { code } } } });
    if (!JSON.parse(text).data?.verifyChallenge?.tokens) throw new Error(`not signed in: ${text}`);
  };
}

export function floorStep(url) {
  const post = poster(url, CONCURRENCY);
  return async (userId, code) => {
    const { status, text } = await post({ userId, code });
    if (status !== 200) throw new Error(text);
  };
}

/** Runs the step for every subject, eight at a time. */
export async function runAll(step, subjects) {
  const code = await generate({ secret: SECRET });
  const left = [...subjects];
  const worker = async () => {
    for (let subject = left.pop(); subject !== undefined; subject = left.pop()) await step(subject, code);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}

/** CPU milliseconds per step, of the process itself and of PostgreSQL, and steps per second. */
export async function measured({ pid, backendPid, step, subjects }) {
  const began = performance.now();
  const cpu = await cpuOf(pid, backendPid, () => runAll(step, subjects));
  const seconds = (performance.now() - began) / 1000;
  return {
    process: cpu.own / subjects.length,
    database: cpu.database / subjects.length,
    total: (cpu.own + cpu.database) / subjects.length,
    perSecond: subjects.length / seconds,
  };
}
