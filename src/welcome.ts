/** What is printed once the gateway answers: where to go, and the push sign-in as commands to copy. */
export function welcome(url: string, isProduction: boolean, demoPassword: string | undefined): string {
  if (isProduction) return `\n  Factorgate is ready on ${url}\n\n`;
  const demo =
    demoPassword === undefined
      ? ''
      : `
  demo users   ada@example.com, grace@example.com (help desk), admin@example.com, robot@example.com (service account)
  password     ${demoPassword}

  Sign in with a phone: open GraphiQL, run the tabs up to PairPhone, then
    npx factorgate device pair "<uri from the reply>"
    npx factorgate device watch
    npx factorgate device approve <number on the login screen>
`;
  return `
  Factorgate is ready.

  start page   ${url}/
  GraphiQL     ${url}/graphiql
  dev inbox    ${url}/dev/inbox
  keys         ${url}/.well-known/jwks.json
${demo}
`;
}
