import type { Transporter } from 'nodemailer';
import { seconds, type Clock } from '../../kernel';
import { isLoopback, type MailServer } from '../delivery.config';
import { DeliveryFailure, failureOfConnection } from '../delivery-failure';
import type { DeliveryProvider } from '../provider';

const TIMEOUT = seconds(5);

export interface SmtpOptions {
  readonly server: MailServer;
  readonly from: { readonly name: string; readonly address: string };
}

/**
 * E-mail through a mail server. The certificate is always checked, and STARTTLS is required unless the server is
 * on this machine. A message that is sent again has the same Message-ID, so mail programs show it once.
 */
export function smtpEmail({ server, from }: SmtpOptions, clock: Clock): DeliveryProvider {
  let transport: Promise<Transporter> | undefined;
  const domain = from.address.split('@')[1] ?? '';
  return {
    name: 'smtp',
    channel: 'email',
    async send({ to, subject, text, html }, id) {
      const mail = await (transport ??= connect(server));
      try {
        await mail.sendMail({
          from,
          // As an object: a comma in it does not make two recipients.
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${id}@${domain}>`,
          date: clock.now(),
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

async function connect({ host, port, isTls, user, password }: MailServer): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !isLoopback(host),
    auth: user ? { user, pass: password } : undefined,
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: TIMEOUT,
  });
}

/** RFC 5321 §4.2.1: 5yz is a refusal for good, 4yz for now. Credentials that are refused are no fault of the message. */
function failureOf(error: unknown): DeliveryFailure {
  const { responseCode, code, message } = error as Error & { responseCode?: number; code?: string };
  if (!responseCode) return failureOfConnection(error);
  const isForGood = responseCode >= 500 && code !== 'EAUTH';
  return new DeliveryFailure(isForGood ? 'REJECTED' : 'REFUSED', message);
}
