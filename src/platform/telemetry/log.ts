import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

/** Names under which a secret might be logged by mistake; pino cuts them out at any of the usual depths. */
const SECRET_NAMES = [
  'password',
  'newPassword',
  'code',
  'token',
  'secret',
  'proof',
  'answer',
  'flowToken',
  'enrollmentToken',
  'pairingToken',
  'accessToken',
  'refreshToken',
  'deviceToken',
  'authorization',
  'cookie',
  'uri',
  'qrCode',
];

/** JSON lines on standard output; control characters are escaped by JSON itself. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const paths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const options = { level, base: null, redact: { paths, censor: '[secret]' } };
  return destination ? pino(options, destination) : pino(options);
}
