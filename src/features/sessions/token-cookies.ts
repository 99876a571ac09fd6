import type { RequestContext } from '../../platform';
import type { IssuedTokens } from './session';

const REFRESH = 'factorgate-refresh';
const DEVICE = 'factorgate-device';
/** The longest that browsers keep a cookie (RFC 6265bis §5.5). */
const DEVICE_SECONDS = 400 * 24 * 3600;

type Cookies = Pick<RequestContext, 'cookies'>;

/** In cookie mode refresh and device token leave in cookies and not in the body; else nothing changes. */
export function deliver(tokens: IssuedTokens, { cookies }: Cookies): IssuedTokens {
  if (!cookies) return tokens;
  const { refreshToken, refreshTokenExpiresAt, deviceToken, session } = tokens;
  if (refreshToken !== null && refreshTokenExpiresAt !== null) {
    const lifeSeconds = Math.floor((refreshTokenExpiresAt.getTime() - session.lastUsedAt.getTime()) / 1000);
    cookies.set(REFRESH, refreshToken, lifeSeconds);
  }
  if (deviceToken !== null) cookies.set(DEVICE, deviceToken, DEVICE_SECONDS);
  return { ...tokens, refreshToken: null, refreshTokenExpiresAt: null, deviceToken: null };
}

/** From the input, or in cookie mode from the cookie. */
export const presentedRefreshToken = (
  input: { readonly refreshToken?: string | null },
  { cookies }: Cookies,
): string | undefined => input.refreshToken ?? cookies?.get(REFRESH);

/** From the input, or in cookie mode from the cookie. */
export const presentedDeviceToken = (
  input: { readonly deviceToken?: string | null },
  { cookies }: Cookies,
): string | undefined => input.deviceToken ?? cookies?.get(DEVICE);

/** After a sign-out, or when the token in the cookie is good no more. */
export const dropRefreshToken = ({ cookies }: Cookies): void => cookies?.drop(REFRESH);
