/**
 * Every text that is sent to people. `{name}` stands for a value. Blocks are separated by a blank line in
 * plain text; a block that is only for some messages names the value that it waits for.
 */
export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEMPLATE_NAMES = [
  'smsCode',
  'emailCode',
  'smsCallerCheck',
  'emailCallerCheck',
  'invitation',
  'accountExists',
  'noAccount',
  'notice',
  'recoveryNotice',
  'temporaryCode',
] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

export interface Block {
  readonly text: string;
  /** `code` is shown large, `button` leads to the value `link`, `hint` is small print. */
  readonly look: 'paragraph' | 'code' | 'button' | 'hint';
  /** Left out unless this value is given. */
  readonly onlyWith?: string;
}

export interface Wording {
  readonly subject: string;
  readonly body: readonly Block[];
}

const paragraph = (text: string, onlyWith?: string): Block => ({ look: 'paragraph', text, onlyWith });
const hint = (text: string, onlyWith?: string): Block => ({ look: 'hint', text, onlyWith });
const code: Block = { look: 'code', text: '{code}' };
const button = (text: string): Block => ({ look: 'button', text, onlyWith: 'link' });

/** Phones offer the code only on that site (origin-bound one-time codes, WICG "sms-one-time-codes"). */
const boundToOrigin = paragraph('@{host} #{code}', 'host');

const english: Readonly<Record<TemplateName, Wording>> = {
  smsCode: {
    subject: '{app}: your code',
    body: [paragraph('Your code for {app} is {code}.'), boundToOrigin],
  },
  emailCode: {
    subject: 'Your code for {app}',
    body: [
      paragraph('Here is your code for {app}:'),
      code,
      paragraph('It works once, for {minutes} minutes.', 'minutes'),
      hint('Give it to nobody, not even to us. If you did not ask for it, you can ignore this message.'),
    ],
  },
  smsCallerCheck: {
    subject: '{app}: help desk',
    body: [paragraph('Are you on the phone with the help desk of {app}? Then read out this code: {code}')],
  },
  emailCallerCheck: {
    subject: 'The help desk of {app} asks whether it is you',
    body: [
      paragraph('If you are on the phone with the help desk of {app}, read out this code:'),
      code,
      paragraph('It works once, for {minutes} minutes.', 'minutes'),
      hint('If nobody from the help desk is talking to you now, tell nobody this code. It signs nobody in.'),
    ],
  },
  invitation: {
    subject: 'Your account with {app}',
    body: [
      paragraph('An account with {app} was made for you, with this address.'),
      paragraph(
        'Open the sign-in page, choose “forgot password” and enter this address: then you set a password.',
      ),
      button('Sign in'),
      hint('If you did not expect this, you can ignore this message: nobody can sign in without a password.'),
    ],
  },
  accountExists: {
    subject: 'You already have an account with {app}',
    body: [
      paragraph('Somebody tried to create an account with {app} for this address. There is one already.'),
      paragraph('If it was you, sign in instead. If you forgot your password, you can set a new one there.'),
      button('Sign in'),
      hint('If it was not you, there is nothing to do: your account has not changed.'),
    ],
  },
  noAccount: {
    subject: 'No account with {app} for this address',
    body: [
      paragraph('Somebody asked for a new password with {app} for this address. There is no account for it.'),
      paragraph('If it was you, you may have signed up with another address: try that one.'),
      button('Sign up'),
      hint('If it was not you, you can ignore this message.'),
    ],
  },
  notice: {
    subject: '{app}: {subject}',
    body: [
      paragraph('{sentence}'),
      paragraph('When: {when}', 'when'),
      paragraph('Where: {where}', 'where'),
      paragraph('If this was you, there is nothing to do. If it was not, tell us:', 'link'),
      button('This was not me'),
      hint('{app} writes to you whenever something about your account changes.'),
    ],
  },
  recoveryNotice: {
    subject: '{app}: {subject}',
    body: [
      paragraph('{sentence}'),
      paragraph('Asked for from: {where}', 'where'),
      paragraph('If this was you, there is nothing to do. If it was not, stop it:', 'link'),
      button('Stop the recovery'),
      hint('Signing in as you always do stops it as well.'),
    ],
  },
  temporaryCode: {
    subject: 'Your temporary code for {app}',
    body: [
      paragraph('The recovery of your account is ready. Sign in with your password and this temporary code:'),
      code,
      paragraph(
        'It works once, until {when}. You will then be asked to add a new way to confirm your sign-ins.',
      ),
      paragraph('If you did not ask for this, stop it:', 'link'),
      button('Stop the recovery'),
      hint('Give the code to nobody, not even to us.'),
    ],
  },
};

const german: Readonly<Record<TemplateName, Wording>> = {
  smsCode: {
    subject: '{app}: Ihr Code',
    body: [paragraph('Ihr Code für {app} ist {code}.'), boundToOrigin],
  },
  emailCode: {
    subject: 'Ihr Code für {app}',
    body: [
      paragraph('Hier ist Ihr Code für {app}:'),
      code,
      paragraph('Er gilt einmal und {minutes} Minuten lang.', 'minutes'),
      hint(
        'Geben Sie ihn niemandem, auch uns nicht. Wenn Sie ihn nicht angefordert haben, können Sie diese Nachricht ignorieren.',
      ),
    ],
  },
  smsCallerCheck: {
    subject: '{app}: Helpdesk',
    body: [
      paragraph('Telefonieren Sie gerade mit dem Helpdesk von {app}? Dann lesen Sie diesen Code vor: {code}'),
    ],
  },
  emailCallerCheck: {
    subject: 'Der Helpdesk von {app} fragt, ob Sie es sind',
    body: [
      paragraph('Wenn Sie gerade mit dem Helpdesk von {app} telefonieren, lesen Sie diesen Code vor:'),
      code,
      paragraph('Er gilt einmal und {minutes} Minuten lang.', 'minutes'),
      hint(
        'Wenn gerade niemand vom Helpdesk mit Ihnen spricht, geben Sie ihn niemandem. Er meldet niemanden an.',
      ),
    ],
  },
  invitation: {
    subject: 'Ihr Konto bei {app}',
    body: [
      paragraph('Für Sie wurde mit dieser Adresse ein Konto bei {app} angelegt.'),
      paragraph(
        'Öffnen Sie die Anmeldeseite, wählen Sie „Passwort vergessen“ und geben Sie diese Adresse ein: Dann setzen Sie ein Passwort.',
      ),
      button('Anmelden'),
      hint('Wenn Sie das nicht erwartet haben, ist nichts zu tun: Ohne Passwort kann sich niemand anmelden.'),
    ],
  },
  accountExists: {
    subject: 'Sie haben schon ein Konto bei {app}',
    body: [
      paragraph('Jemand wollte mit dieser Adresse ein Konto bei {app} anlegen. Es gibt schon eines.'),
      paragraph(
        'Wenn Sie es waren, melden Sie sich einfach an. Ein vergessenes Passwort können Sie dort neu setzen.',
      ),
      button('Anmelden'),
      hint('Wenn Sie es nicht waren, ist nichts zu tun: An Ihrem Konto hat sich nichts geändert.'),
    ],
  },
  noAccount: {
    subject: 'Kein Konto bei {app} für diese Adresse',
    body: [
      paragraph('Jemand wollte für diese Adresse ein neues Passwort bei {app}. Es gibt kein Konto dazu.'),
      paragraph('Wenn Sie es waren, haben Sie sich vielleicht mit einer anderen Adresse registriert.'),
      button('Registrieren'),
      hint('Wenn Sie es nicht waren, können Sie diese Nachricht ignorieren.'),
    ],
  },
  notice: {
    subject: '{app}: {subject}',
    body: [
      paragraph('{sentence}'),
      paragraph('Wann: {when}', 'when'),
      paragraph('Wo: {where}', 'where'),
      paragraph('Wenn Sie das waren, ist nichts zu tun. Wenn nicht, sagen Sie es uns:', 'link'),
      button('Das war ich nicht'),
      hint('{app} schreibt Ihnen, wenn sich an Ihrem Konto etwas ändert.'),
    ],
  },
  recoveryNotice: {
    subject: '{app}: {subject}',
    body: [
      paragraph('{sentence}'),
      paragraph('Verlangt von: {where}', 'where'),
      paragraph('Wenn Sie das waren, ist nichts zu tun. Wenn nicht, halten Sie es auf:', 'link'),
      button('Wiederherstellung aufhalten'),
      hint('Auch eine Anmeldung auf dem gewohnten Weg hält sie auf.'),
    ],
  },
  temporaryCode: {
    subject: 'Ihr vorläufiger Code für {app}',
    body: [
      paragraph(
        'Die Wiederherstellung Ihres Kontos ist bereit. Melden Sie sich mit Ihrem Passwort und diesem vorläufigen Code an:',
      ),
      code,
      paragraph(
        'Er gilt einmal, bis {when}. Danach richten Sie einen neuen Weg zum Bestätigen Ihrer Anmeldungen ein.',
      ),
      paragraph('Wenn Sie das nicht verlangt haben, halten Sie es auf:', 'link'),
      button('Wiederherstellung aufhalten'),
      hint('Geben Sie den Code niemandem, auch uns nicht.'),
    ],
  },
};

export const catalogue: Readonly<Record<Language, Readonly<Record<TemplateName, Wording>>>> = {
  en: english,
  de: german,
};

/** Templates that go out as SMS: plain text only. */
export const isTextOnly = (template: TemplateName): boolean => template.startsWith('sms');
