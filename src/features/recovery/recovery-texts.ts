import type { Language } from '../../delivery';

/** What a user is told while a recovery runs. `{ready}` and `{until}` are times. */
export type RecoveryStage = 'requested' | 'approved' | 'emergency' | 'halfway' | 'ready';

type Texts = Readonly<Record<Language, readonly [subject: string, sentence: string]>>;

export const STAGE_TEXTS: Readonly<Record<RecoveryStage, Texts>> = {
  requested: {
    en: [
      'Somebody asked to recover your account',
      'Somebody who knows your password asked the help desk for a way in without your second step. The help desk will check who it is.',
    ],
    de: [
      'Jemand will Ihr Konto wiederherstellen',
      'Jemand, der Ihr Passwort kennt, hat den Helpdesk um einen Zugang ohne Ihren zweiten Schritt gebeten. Der Helpdesk prüft, wer es ist.',
    ],
  },
  approved: {
    en: [
      'The recovery of your account was approved',
      'The help desk approved it. At {ready} a temporary code will be sent by e-mail. Until then, and after, you can stop it.',
    ],
    de: [
      'Wiederherstellung genehmigt',
      'Der Helpdesk hat die Wiederherstellung Ihres Kontos genehmigt. Um {ready} wird ein vorläufiger Code per E-Mail verschickt. Bis dahin und danach können Sie sie aufhalten.',
    ],
  },
  emergency: {
    en: [
      'The recovery of your account was approved as an emergency',
      'The help desk approved it without the usual waiting time. A temporary code is sent by e-mail now. You can still stop it.',
    ],
    de: [
      'Wiederherstellung als Notfall genehmigt',
      'Der Helpdesk hat die Wiederherstellung Ihres Kontos ohne die übliche Wartezeit genehmigt. Ein vorläufiger Code wird jetzt per E-Mail verschickt. Sie können sie noch aufhalten.',
    ],
  },
  halfway: {
    en: [
      'The recovery of your account is under way',
      'Half of the waiting time is over. At {ready} a temporary code will be sent by e-mail.',
    ],
    de: [
      'Wiederherstellung läuft',
      'Die Hälfte der Wartezeit ist vorbei. Um {ready} wird ein vorläufiger Code per E-Mail verschickt.',
    ],
  },
  ready: {
    en: [
      'Your account can be recovered now',
      'The waiting time is over, and a temporary code was sent by e-mail. It replaces your second step once, until {until}.',
    ],
    de: [
      'Konto kann jetzt wiederhergestellt werden',
      'Die Wartezeit ist vorbei, und ein vorläufiger Code wurde per E-Mail verschickt. Er ersetzt einmal Ihren zweiten Schritt, bis {until}.',
    ],
  },
};

/** To administrators. */
export const EMERGENCY_TEXTS: Texts = {
  en: [
    'An emergency recovery was approved',
    'A recovery was approved without the waiting time. Request: {request}. Please look at its decisions.',
  ],
  de: [
    'Wiederherstellung als Notfall genehmigt',
    'Eine Wiederherstellung wurde ohne Wartezeit genehmigt. Anfrage: {request}. Bitte sehen Sie die Entscheidungen an.',
  ],
};
