import { GraphQLScalarType } from 'graphql';
import {
  GraphQLDateTime,
  GraphQLEmailAddress,
  GraphQLIP,
  GraphQLJSONObject,
  GraphQLURL,
} from 'graphql-scalars';

const described = (base: GraphQLScalarType, name: string, description: string, specifiedByURL?: string) =>
  new GraphQLScalarType({ ...base.toConfig(), name, description, specifiedByURL, extensions: {} });

export const DateTime = described(
  GraphQLDateTime,
  'DateTime',
  'An instant in RFC 3339 form, UTC, for example `2026-11-24T09:30:00Z`.',
  'https://scalars.graphql.org/andimarek/date-time.html',
);
/** Written as it is: the parser's form would end an origin with a slash, and `issuer` would no longer be the `iss` claim. */
export const Url = new GraphQLScalarType({
  ...described(GraphQLURL, 'URL', 'An absolute URL (WHATWG URL).', 'https://url.spec.whatwg.org/').toConfig(),
  serialize: String,
});
export const EmailAddress = described(
  GraphQLEmailAddress,
  'EmailAddress',
  'An e-mail address (HTML5 syntax).',
  'https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address',
);
export const Ip = described(GraphQLIP, 'IP', 'An IPv4 or IPv6 address.');
export const JsonObject = described(
  GraphQLJSONObject,
  'JSONObject',
  'A JSON object. Used where another standard defines the shape (WebAuthn options and responses, JWK).',
  'https://www.rfc-editor.org/rfc/rfc8259',
);
