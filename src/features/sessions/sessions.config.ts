import { z } from 'zod';
import { defineSettings, setting, type SettingsOf } from '../../kernel';

const HOURS_MAX = 30 * 24;
const IDLE_MINUTES_MAX = 7 * 24 * 60;

export const sessionSettings = defineSettings('sessions', {
  tokenAudience: setting({
    env: 'TOKEN_AUDIENCE',
    about: "The access token's `aud` claim: the services that it is for. Default: `PUBLIC_URL`.",
    example: 'https://api.example.com',
    schema: z.string().min(1).max(200).optional(),
  }),
  accessTokenSeconds: setting({
    env: 'ACCESS_TOKEN_SECONDS',
    about:
      'How long an access token is good; services that verify offline trust it that long after a sign-out.',
    example: '300',
    schema: z.coerce.number().int().min(60).max(600).default(300),
  }),
  sessionIdleMinutes: setting({
    env: 'SESSION_IDLE_MINUTES',
    about: 'A session ends when its tokens were not refreshed for that long; at most 7 days.',
    example: '60',
    // Never under an access token's life: a session must not look idle while its token is good.
    schema: z.coerce.number().int().min(15).max(IDLE_MINUTES_MAX).default(60),
  }),
  sessionHours: setting({
    env: 'SESSION_HOURS',
    about: 'A session ends after that long, however much it is used; at most 30 days.',
    example: '24',
    schema: z.coerce.number().int().min(1).max(HOURS_MAX).default(24),
  }),
  signingKeyOverlapSeconds: setting({
    env: 'SIGNING_KEY_OVERLAP_SECONDS',
    about: 'How long a new signing key is published before it signs: longer than services cache the keys.',
    example: '600',
    schema: z.coerce.number().int().min(600).max(86_400).default(600),
  }),
});
export type SessionSettings = SettingsOf<typeof sessionSettings>;
