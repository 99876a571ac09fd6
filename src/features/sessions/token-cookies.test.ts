import type { CookieJar } from '../../platform';
import type { IssuedTokens } from './session';
import { deliver, dropRefreshToken, presentedDeviceToken, presentedRefreshToken } from './token-cookies';

class Jar implements CookieJar {
  readonly held = new Map<string, { value: string; maxAgeSeconds: number }>();
  get = (name: string) => this.held.get(name)?.value;
  set = (name: string, value: string, maxAgeSeconds: number) =>
    void this.held.set(name, { value, maxAgeSeconds });
  drop = (name: string) => void this.held.delete(name);
}

const at = (minutes: number) => new Date(Date.UTC(2026, 10, 24, 9, minutes));
const tokens: IssuedTokens = {
  accessToken: 'access',
  accessTokenExpiresAt: at(5),
  refreshToken: 'refresh',
  refreshTokenExpiresAt: at(60),
  deviceToken: 'device',
  session: {
    id: 'ses_1',
    userId: 'usr_ada',
    clientId: 'web',
    applicationName: null,
    knownDeviceId: null,
    proofs: [],
    assurance: 'AAL1',
    methods: ['pwd'],
    authenticatedAt: at(0),
    createdAt: at(0),
    lastUsedAt: at(0),
    expiresAt: at(600),
    context: { ipAddress: null, location: null, browser: null, operatingSystem: null },
  },
};

describe('in cookie mode', () => {
  it('refresh and device token are in cookies only, the access token in the body', () => {
    const cookies = new Jar();
    expect(deliver(tokens, { cookies })).toEqual({
      ...tokens,
      refreshToken: null,
      refreshTokenExpiresAt: null,
      deviceToken: null,
    });
    expect(Object.fromEntries(cookies.held)).toEqual({
      'factorgate-refresh': { value: 'refresh', maxAgeSeconds: 3600 },
      'factorgate-device': { value: 'device', maxAgeSeconds: 34_560_000 },
    });
    expect(presentedRefreshToken({}, { cookies })).toBe('refresh');
    expect(presentedDeviceToken({ deviceToken: null }, { cookies })).toBe('device');
  });

  it('a step-up leaves the cookies as they are', () => {
    const cookies = new Jar();
    deliver(tokens, { cookies });
    deliver({ ...tokens, refreshToken: null, refreshTokenExpiresAt: null, deviceToken: null }, { cookies });
    expect(presentedRefreshToken({}, { cookies })).toBe('refresh');
    expect(presentedDeviceToken({}, { cookies })).toBe('device');
  });

  it('a sign-out takes the refresh token and leaves the device known', () => {
    const cookies = new Jar();
    deliver(tokens, { cookies });
    dropRefreshToken({ cookies });
    expect([...cookies.held.keys()]).toEqual(['factorgate-device']);
  });
});

describe('without cookie mode', () => {
  it('tokens are in the body, and only what is in the input counts', () => {
    expect(deliver(tokens, { cookies: null })).toEqual(tokens);
    expect(presentedRefreshToken({ refreshToken: 'given' }, { cookies: null })).toBe('given');
    expect(presentedRefreshToken({}, { cookies: null })).toBeUndefined();
    expect(presentedDeviceToken({ deviceToken: null }, { cookies: null })).toBeUndefined();
  });
});
