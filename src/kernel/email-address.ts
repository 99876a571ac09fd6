const EMAIL_MAX = 254;
// HTML5's own pattern for <input type=email>, plus a dot in the domain; only ASCII passes.
const EMAIL =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;

/**
 * The one normal form of an e-mail address: NFKC, trimmed, lower case. Validation, look-up, uniqueness and limits all go
 * by it, so that spellings of one address share one account and one counter. Undefined if it is no address.
 */
export function emailKey(text: string): string | undefined {
  if (text.length > EMAIL_MAX * 2) return undefined;
  const key = text.normalize('NFKC').trim().toLowerCase();
  return key.length <= EMAIL_MAX && EMAIL.test(key) ? key : undefined;
}

/** `a••@example.com`: enough for its owner to recognise, too little for anybody else. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, 1)}••${email.slice(at)}`;
}
