import { Refusal } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import type { AuditRecorder } from '../events';
import type { TemporaryCodes } from '../factors';
import type { Limits, WindowRule } from '../limits';
import type { Users } from '../users';
import type { RecoveryNow } from './recovery';
import type { RecoveryNotices } from './recovery-notices.service';
import * as store from './recovery.store';

/** Codes mailed to one user in the place of spent ones. */
const CODES: WindowRule = { name: 'recovery-code', count: 3, perSeconds: 86_400 };

/** The code that a recovery ends in: mailed, good once, until the request is void. */
export class RecoveryCodes {
  constructor(
    private readonly temporaryCodes: TemporaryCodes,
    private readonly users: Users,
    private readonly notices: RecoveryNotices,
    private readonly recorder: AuditRecorder,
    private readonly limits: Limits,
  ) {}

  /** Mails a code. The caller holds the request's row. */
  async send(tx: UnitOfWork, request: RecoveryNow): Promise<void> {
    const { id, userId, expiresAt } = request;
    const user = await this.users.find(userId, tx);
    // Whoever lost the address meanwhile cannot be sent anything; the request runs out.
    if (!user?.emailVerifiedAt) return;
    const { code, factorId } = await this.temporaryCodes.issueUntil(tx, userId, expiresAt);
    await store.setCode(tx, id, factorId);
    await this.notices.sendCode(tx, request, user, code);
    await this.recorder.record(tx, {
      type: 'TEMPORARY_CODE_ISSUED',
      outcome: 'SUCCESS',
      userId,
      factorKind: 'TEMPORARY_CODE',
      factorId,
      details: { requestId: id },
    });
  }

  /**
   * Mails another code where the first was used in a sign-in that ended without a factor. Nothing else of the request changes:
   * neither its times nor a code that is still good.
   */
  async renewSpent(tx: UnitOfWork, { id }: RecoveryNow): Promise<void> {
    const request = await store.lockRequest(tx, id);
    if (request?.status !== 'READY' || request.factorId === null) return;
    if (!(await store.isCodeSpent(tx, request.factorId))) return;
    try {
      await this.limits.chargeUse(CODES, request.userId, tx);
    } catch (error) {
      if (error instanceof Refusal) return;
      throw error;
    }
    await this.send(tx, request);
  }
}
