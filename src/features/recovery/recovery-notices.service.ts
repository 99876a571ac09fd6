import { languageOf, render, type Message, type Outbox } from '../../delivery';
import type { ClientContext } from '../../kernel';
import type { Keyring, UnitOfWork } from '../../platform';
import type { Notices } from '../account';
import type { User } from '../users';
import { cancelTokenOf } from './cancel-token';
import type { RecoveryNow } from './recovery';
import { EMERGENCY_TEXTS, STAGE_TEXTS, type RecoveryStage } from './recovery-texts';
import { administrators } from './recovery.store';

const ADMINISTRATORS_MAX = 50;

/** Tells the user on every channel how far a recovery is, each time with the link that stops it. */
export class RecoveryNotices {
  constructor(
    private readonly notices: Notices,
    private readonly outbox: Outbox,
    private readonly keyring: Keyring,
    private readonly publicUrl: string,
    private readonly gatewayName: string,
  ) {}

  async tell(tx: UnitOfWork, request: RecoveryNow, stage: RecoveryStage): Promise<void> {
    const app = this.gatewayName;
    const link = this.cancelLink(request.id);
    await this.notices.tellAll(tx, request.userId, true, (locale) => {
      const [subject, text] = STAGE_TEXTS[stage][languageOf(locale)];
      const sentence = text
        .replace('{ready}', request.readyAt ? timeOf(request.readyAt) : '')
        .replace('{until}', timeOf(request.expiresAt));
      const values = { app, subject, sentence, where: whereOf(request.context), link };
      return {
        email: render('recoveryNotice', locale, values),
        sms: { subject, text: `${app}: ${sentence} ${link}` },
      };
    });
  }

  /** The code goes to the account's own address and nowhere else. */
  async sendCode(tx: UnitOfWork, request: RecoveryNow, user: User, code: string): Promise<void> {
    const values = {
      app: this.gatewayName,
      code,
      when: timeOf(request.expiresAt),
      link: this.cancelLink(request.id),
    };
    const message: Message = {
      channel: 'email',
      to: user.email,
      ...render('temporaryCode', user.locale, values),
      expiresAt: request.expiresAt,
    };
    await this.outbox.add(tx, [message]);
  }

  /** An emergency is never quiet. */
  async tellAdministrators(tx: UnitOfWork, { id, context }: RecoveryNow): Promise<void> {
    const people = await administrators(tx, ADMINISTRATORS_MAX);
    const messages = people.map(({ email, locale }): Message => {
      const [subject, text] = EMERGENCY_TEXTS[languageOf(locale)];
      const sentence = text.replace('{request}', id);
      const values = {
        app: this.gatewayName,
        subject,
        sentence,
        when: '',
        where: whereOf(context),
        link: '',
      };
      return { channel: 'email', to: email, ...render('notice', locale, values) };
    });
    await this.outbox.add(tx, messages);
  }

  private cancelLink(requestId: string): string {
    const token = cancelTokenOf(this.keyring, requestId);
    return `${this.publicUrl}/recovery/cancel?token=${encodeURIComponent(token)}`;
  }
}

const timeOf = (at: Date): string => `${at.toISOString().replace('T', ' ').slice(0, 16)} UTC`;

const whereOf = (context: ClientContext): string =>
  [context.browser, context.operatingSystem, context.location ?? context.ipAddress]
    .filter(Boolean)
    .join(', ');
