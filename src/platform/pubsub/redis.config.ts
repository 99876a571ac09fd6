import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const redisSettings = defineSettings('redis', {
  url: setting({
    env: 'REDIS_URL',
    about: 'Redis for the bells between processes. Without it the bells stay in this process.',
    example: 'rediss://factorgate:secret@redis.internal:6379',
    isSecret: true,
    schema: z
      .string()
      .regex(/^rediss?:\/\//, 'must begin with redis:// or rediss://')
      .optional(),
    refuseInProduction: (value) =>
      value === undefined ? 'several processes need Redis to hear of each other at once' : undefined,
  }),
});
