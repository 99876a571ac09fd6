import { Refusal } from '../../kernel';
import type { Database, Keyring } from '../../platform';
import type { Answers, Challenges } from '../challenges';
import type { FactorFacts, Factors } from '../factors';
import type { Users } from '../users';
import { requestOf, type FlowResult } from './begin-flow.service';
import type { AddressFlows } from './address-flows.service';
import { isAddressProven, isRepeat, ownerOf, takesTemporaryCode, usefulFactors, type FlowNow } from './flow';
import type { CompletedFlow, Flows } from './flows.service';
import type { FlowHolder, SessionOpener } from './session-opener.service';
import { isFinal } from './transitions';

/** What the holder of a flow token does: choose a factor, answer, collect the tokens, give up. */
export class FlowSteps {
  constructor(
    private readonly database: Database,
    private readonly flows: Flows,
    private readonly factors: Factors,
    private readonly challenges: Challenges,
    private readonly answers: Answers,
    private readonly users: Users,
    private readonly opener: SessionOpener,
    private readonly keyring: Keyring,
    private readonly addressFlows: AddressFlows,
  ) {}

  /**
   * Starts a factor's challenge, switches to it, or sends it again. Refuses with INVALID_TOKEN, WRONG_STATUS, NOT_FOUND,
   * FACTOR_NOT_AVAILABLE, TOO_SOON or RATE_LIMITED.
   */
  async startChallenge(flowToken: string, factorId: string | undefined): Promise<FlowResult> {
    const flow = await this.flows.readLive(flowToken);
    if (flow.status !== 'CHALLENGE_REQUIRED' && flow.status !== 'CHALLENGE_PENDING')
      throw new Refusal('WRONG_STATUS');
    if (!isAddressProven(flow)) {
      if (factorId !== undefined) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
      await this.addressFlows.resend(flow);
      return { flow: await this.again(flowToken) };
    }
    const userId = ownerOf(flow);
    const wanted = factorId ?? flow.challenge?.factorId;
    if (!wanted)
      throw new Refusal('INVALID_INPUT', { path: ['input', 'factorId'], message: 'Please choose a factor.' });
    const temporary = await this.temporaryCode(flow, wanted);
    const factor = temporary ?? (await this.factors.find(userId, wanted));
    if (!factor) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
    if (!temporary && usefulFactors(flow, [factor]).length === 0) throw new Refusal('FACTOR_NOT_AVAILABLE');
    if (flow.challenge?.factorId === factor.id) {
      const { resendableAt } = flow.challenge;
      if (!resendableAt) return { flow };
      if (resendableAt > flow.now) throw new Refusal('TOO_SOON', { retryAt: resendableAt });
    }
    await this.challenges.start(
      { id: flow.id, userId, attemptsMax: flow.attemptsMax },
      factor,
      requestOf(flow),
      (tx, event) => this.flows.raise(tx, flow.id, event),
    );
    return { flow: await this.again(flowToken) };
  }

  /**
   * Answers the open challenge; with the last proof the flow is completed and the tokens are in the result. The same
   * answer within 30 seconds after that, whose reply was lost, gives the same session.
   */
  async verify(holder: FlowHolder, proof: object, challengeId: string | undefined): Promise<FlowResult> {
    const { flowToken } = holder;
    const flow = await this.flows.read(flowToken);
    if (!flow) throw new Refusal('INVALID_TOKEN');
    const completedBy = this.keyring.mac('proof', [flow.id, JSON.stringify(proof)]);
    if (isFinal(flow.status)) return this.repeat(flow, flowToken, completedBy);
    if (flow.status !== 'CHALLENGE_PENDING' && flow.status !== 'CHALLENGE_REQUIRED')
      throw new Refusal('WRONG_STATUS');
    if (!flow.challenge || (challengeId !== undefined && challengeId !== flow.challenge.id)) {
      throw new Refusal('CHALLENGE_CLOSED');
    }
    const completed: CompletedFlow[] = [];
    const raise = this.flows.raiseAsHolder(flow, holder, completedBy, (last) => completed.push(last));
    try {
      await this.answers.answer(flow.challenge, proof, raise);
    } catch (error) {
      // The same right answer at the same instant: whoever comes later finds the flow completed by it.
      const now = error instanceof Refusal ? await this.again(flowToken) : undefined;
      if (now && isRepeat(now, completedBy)) return this.repeat(now, flowToken, completedBy);
      throw error;
    }
    const last = completed.at(-1);
    return last ? this.collected(last) : { flow: await this.again(flowToken) };
  }

  /** Collects the tokens of a VERIFIED flow; a repeat within 30 seconds gives the same session. */
  async complete(holder: FlowHolder): Promise<FlowResult> {
    const { flowToken } = holder;
    const flow = await this.flows.read(flowToken);
    if (!flow) throw new Refusal('INVALID_TOKEN');
    const completedBy = this.keyring.mac('proof', [flow.id, 'collected']);
    if (isFinal(flow.status)) return this.repeat(flow, flowToken, completedBy);
    if (flow.status !== 'VERIFIED') throw new Refusal('WRONG_STATUS');
    try {
      const completed = await this.database.transaction(async (tx) => {
        const moved = await this.flows.move(tx, flow, { type: 'collected' }, { byHolder: true, completedBy });
        await this.opener.requireFactors(tx, moved);
        const opened = await this.opener.open(tx, moved, holder);
        return { flow: { ...flow, ...moved, challenge: null }, opened };
      });
      return await this.collected(completed);
    } catch (error) {
      // Two collections at once: the later one finds the flow completed, and repeats the earlier one's reply.
      if (!(error instanceof Refusal) || error.code !== 'INVALID_TOKEN') throw error;
      return this.repeat(await this.again(flowToken), flowToken, completedBy);
    }
  }

  async cancel(flowToken: string): Promise<FlowResult> {
    const flow = await this.flows.readLive(flowToken);
    return this.database.transaction(async (tx) => {
      const moved = await this.flows.move(tx, flow, { type: 'canceled' }, { byHolder: true });
      await this.challenges.close(tx, flow.id, 'CANCELED');
      return { flow: { ...flow, ...moved, challenge: null } };
    });
  }

  private async temporaryCode(flow: FlowNow, factorId: string): Promise<FactorFacts | undefined> {
    if (!takesTemporaryCode(flow)) return undefined;
    return (await this.factors.temporary(ownerOf(flow))).find(({ id }) => id === factorId);
  }

  private async repeat(flow: FlowNow, flowToken: string, completedBy: Buffer): Promise<FlowResult> {
    if (!isRepeat(flow, completedBy)) throw new Refusal('INVALID_TOKEN');
    if (flow.purpose === 'EMAIL_CHANGE' || flow.purpose === 'CALLER_CHECK') return { flow };
    const user = await this.users.find(ownerOf(flow));
    const opened = user && (await this.opener.reopen(flow, flowToken, user.roles));
    if (!opened) throw new Refusal('INVALID_TOKEN');
    return this.collected({ flow, opened });
  }

  private async collected({ flow, opened }: CompletedFlow): Promise<FlowResult> {
    const read = flow.userId === null ? await this.flows.readById(flow.id) : flow;
    if (!opened || !read) return { flow };
    return { flow: read, tokens: await this.opener.tokens(opened, ownerOf(read)) };
  }

  private async again(flowToken: string): Promise<FlowNow> {
    const flow = await this.flows.read(flowToken);
    if (!flow) throw new Refusal('INVALID_TOKEN');
    return flow;
  }
}
