import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean),
  )
  .default([]);

export const httpSettings = defineSettings('http', {
  gatewayName: setting({
    env: 'GATEWAY_NAME',
    about: 'The name that people see: on phones, in authenticator apps and on the pages.',
    example: 'Example Corp',
    schema: z.string().trim().min(1).max(60).default('Factorgate'),
  }),
  supportUrl: setting({
    env: 'SUPPORT_URL',
    about: 'Where people who cannot sign in find help.',
    example: 'https://help.example.com',
    schema: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  }),
  port: setting({
    env: 'PORT',
    about: 'The port to listen on.',
    example: '4000',
    schema: z.coerce.number().int().min(0).max(65_535).default(4000),
  }),
  host: setting({
    env: 'HOST',
    about: 'The address to bind to. The default can only be reached from this machine.',
    example: '0.0.0.0',
    schema: z.string().min(1).default('127.0.0.1'),
  }),
  publicUrl: setting({
    env: 'PUBLIC_URL',
    about:
      'The address that browsers and phones use: issuer of tokens, audience of device answers, base of every link. Default: `http://localhost:<PORT>`.',
    example: 'https://id.example.com',
    schema: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    refuseInProduction: (value) =>
      !value?.startsWith('https://') ? 'must be the public https address' : undefined,
  }),
  trustProxy: setting({
    env: 'TRUST_PROXY',
    about:
      'Addresses or CIDR blocks of the proxies in front, joined by commas. Nobody else may name the client address.',
    example: '10.0.0.0/8',
    schema: list,
  }),
  placesFile: setting({
    env: 'PLACES_FILE',
    about:
      'A file in the MaxMind DB format (.mmdb) that says where addresses are: by city, or by country. Default: the shipped one, by country.',
    example: '/var/lib/factorgate/city.mmdb',
    schema: z.string().trim().min(1).optional(),
  }),
  corsOrigins: setting({
    env: 'CORS_ORIGINS',
    about:
      'Origins of the front ends that may call from a browser, joined by commas. `PUBLIC_URL` is always allowed.',
    example: 'https://app.example.com,https://admin.example.com',
    schema: list.refine(
      (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
      {
        error: 'each must be an origin such as https://app.example.com, without path or *',
      },
    ),
  }),
  isProduction: setting({
    env: 'NODE_ENV',
    about: '`production` refuses every development default and names all of them at once.',
    example: 'production',
    schema: z
      .string()
      .optional()
      .transform((value) => value === 'production'),
  }),
  addressRequestsPerMinute: setting({
    env: 'ADDRESS_REQUESTS_PER_MINUTE',
    about: 'How many requests one address may send to one process in a minute.',
    example: '3000',
    schema: z.coerce.number().int().min(60).default(3000),
  }),
  socketsPerAddress: setting({
    env: 'SOCKETS_PER_ADDRESS',
    about: 'How many WebSockets one address may hold open on one process.',
    example: '2000',
    schema: z.coerce.number().int().min(1).default(2000),
  }),
});
