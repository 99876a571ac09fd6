import { Factors, TemporaryCodes } from '../../src/features/factors';
import { temporaryCode } from '../../src/features/factors/kinds/temporary-code';
import { systemChance } from '../../src/platform';
import { mailedCode } from '../support/attempts';
import { enrollByCode, freshNumber, liftSendLimits, otherCode } from '../support/sent-codes';
import type { TestUser, World } from '../support/world';
import { GOT } from '../support/world';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- payloads have the shape that the test asked for
export type Got = any;

/** How a test plays one kind of factor. Every kind of the registry has one; the suite fails without. */
export interface Player {
  enroll(user: TestUser, authorization?: string): Promise<unknown>;
  /** Gives the right answer to the open challenge of the flow, and the payload that brings the session. */
  answer(world: World, user: TestUser, got: Got): Promise<Got>;
  /** Gives a wrong but well-formed answer; the codes of the refusal. */
  answerWrongly(world: World, user: TestUser, got: Got): Promise<string[]>;
  /** Gives the answer that `answer` gave once more, to another flow of the same user; the codes of the refusal. */
  repeat(world: World, user: TestUser, got: Got): Promise<string[]>;
}

const codes = (payload: Got): string[] => payload.errors.map((error: { code: string }) => error.code);

const verify = async (world: World, got: Got, code: string): Promise<Got> =>
  world.a.mutate('verifyChallenge', { flowToken: got.flowToken, proof: { code } }, GOT);

const totp: Player = {
  enroll: (user, authorization) => user.enrollTotp(authorization),
  answer: async (world, user, got) => verify(world, got, await user.code()),
  answerWrongly: async (world, user, got) => codes(await verify(world, got, await user.code(5))),
  repeat: async (world, user, got) => codes(await verify(world, got, await user.code())),
};

let signed = '';
const push: Player = {
  enroll: (user, authorization) => user.pairPhone(authorization),
  answer: async (world, user, got) => {
    const phone = user.phones.at(-1);
    const asked = (await phone?.approvals())?.at(-1);
    if (!phone || !asked) throw new Error('nothing waits on the phone');
    signed = await phone.answer(asked, 'APPROVE', got.flow.challenge.numberToMatch);
    const { errors } = await phone.send(signed);
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return world.a.mutate('completeAuthFlow', { flowToken: got.flowToken }, GOT);
  },
  answerWrongly: async (_world, user, got) => {
    const phone = user.phones.at(-1);
    const asked = (await phone?.approvals())?.at(-1);
    if (!phone || !asked) throw new Error('nothing waits on the phone');
    const answer = await phone.answer(
      { ...asked, nonce: `${asked.nonce}x` },
      'APPROVE',
      got.flow.challenge.numberToMatch,
    );
    return codes(await phone.send(answer));
  },
  repeat: async (_world, user) => codes(await user.phones.at(-1)?.send(signed)),
};

/** A code that is sent: to a number or to an address. */
function byCode(kind: 'SMS' | 'EMAIL'): Player {
  const destinations = new Map<string, string>();
  let answered = '';
  const code = (world: World, user: TestUser): Promise<string> =>
    mailedCode(world, destinations.get(user.id) ?? '');
  return {
    enroll: async (user, authorization) => {
      // Everything in a test comes from one address of the network, which may not send that often.
      await liftSendLimits(user.world);
      const to = kind === 'SMS' ? freshNumber() : user.email;
      destinations.set(user.id, to);
      const where = kind === 'SMS' ? { phoneNumber: to } : { email: to };
      return enrollByCode(user.world, user, where, authorization);
    },
    answer: async (world, user, got) => verify(world, got, (answered = await code(world, user))),
    answerWrongly: async (world, user, got) =>
      codes(await verify(world, got, otherCode(await code(world, user)))),
    repeat: async (world, _user, got) => codes(await verify(world, got, answered)),
  };
}

/** Comes with the first factor; each answer uses one up. */
const usedCodes = new Map<string, number>();
let lastCode = '';
const nextCode = (user: TestUser): string => {
  const used = usedCodes.get(user.id) ?? 0;
  usedCodes.set(user.id, used + 1);
  return (lastCode = user.backupCodes[used] ?? '');
};
const backupCode: Player = {
  enroll: (user, authorization) => user.enrollTotp(authorization),
  answer: (world, user, got) => verify(world, got, nextCode(user)),
  answerWrongly: async (world, _user, got) => codes(await verify(world, got, '0000-0000-0000')),
  repeat: async (world, _user, got) => codes(await verify(world, got, lastCode)),
};

/** Issued as a recovery issues it that is ready. */
const temporaryCodes = new Map<string, string>();
const temporary: Player = {
  enroll: async (user, authorization) => {
    const { world } = user;
    await user.enrollTotp(authorization);
    const deps = { sql: world.database, keyring: world.keyring, chance: systemChance };
    const kinds = new Map([['TEMPORARY_CODE', temporaryCode.create(deps as never) as never]]);
    const factors = new Factors(world.database, kinds);
    const codes = new TemporaryCodes(factors, world.clock, systemChance, kinds);
    const until = new Date(world.now().getTime() + 3_600_000);
    const { code, factorId } = await world.database.transaction((tx) => codes.issueUntil(tx, user.id, until));
    await world.database.affected(
      `INSERT INTO recovery_request (id, user_id, flow_id, status, context, required_approvals, created_at, ready_at, expires_at, factor_id)
       SELECT 'rec_' || $1, $1, '', 'READY', '{}', 2, now, now, $2, $3 FROM gateway_now() AS now`,
      [user.id, until, factorId],
    );
    temporaryCodes.set(user.id, code);
  },
  answer: async (world, user, got) => {
    const { flowToken } = got as { flowToken: string };
    const refused = codes(await verify(world, got, temporaryCodes.get(user.id) ?? ''));
    if (refused.length > 0) throw new Error(refused.join());
    return user.enrollTotpInFlow(flowToken);
  },
  answerWrongly: async (world, _user, got) => codes(await verify(world, got, '0000-0000-0000-0000')),
  repeat: async (world, user, got) => codes(await verify(world, got, temporaryCodes.get(user.id) ?? '')),
};

export const players: Readonly<Record<string, Player>> = {
  TOTP: totp,
  PUSH: push,
  SMS: byCode('SMS'),
  EMAIL: byCode('EMAIL'),
  BACKUP_CODE: backupCode,
  TEMPORARY_CODE: temporary,
};
