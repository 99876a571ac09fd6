import { z } from 'zod';
import { defineSettings, setting } from '../../../kernel';
import { isNetwork, overlapsNeverReached } from './webhook-address';

export const webhookSettings = defineSettings('webhooks', {
  allowPrivate: setting({
    env: 'WEBHOOK_ALLOW_PRIVATE',
    about:
      'Private networks that webhooks may reach, as CIDR blocks joined by commas. Default: none; outside production, this machine. Link-local addresses (cloud metadata) are never reached.',
    example: '10.20.0.0/16,fd12:3456::/32',
    schema: z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((entry) => entry.trim())
          .filter(Boolean),
      )
      .refine((networks) => networks.every(isNetwork), 'each must be a CIDR block such as 10.20.0.0/16')
      .refine(
        (networks) => !networks.some(overlapsNeverReached),
        'link-local, multicast and unspecified addresses are never reached',
      )
      .default([]),
  }),
});
