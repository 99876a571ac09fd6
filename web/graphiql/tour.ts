/**
 * The tabs that GraphiQL opens with: one step each, from the first look to a sign-in approved on a phone.
 * Each holds one operation: the gateway takes one authentication mutation per document.
 */

export interface TourTab {
  readonly query: string;
  readonly variables?: string;
  readonly headers?: string;
}

const json = (value: object): string => JSON.stringify(value, null, 2);
const bearer = (step: number): string => json({ authorization: `Bearer <accessToken of step ${step}>` });
const ada = { email: 'ada@example.com', password: 'correct-horse-battery-staple' };

export const tour: readonly TourTab[] = [
  {
    query: `# Welcome! Each tab is one step, from left to right.
# Run it with the play button or Ctrl+Enter.
#
# 1 of 20. What this gateway offers. Anyone may ask.
query StartHere {
  gateway {
    name
    version
    issuer
    jwksUri
    subscriptionUrl
    enabledKinds
  }
}
`,
  },
  {
    query: `# 2 of 20. Sign in. Without a second factor the password
# is enough: copy accessToken for step 3. tokens is null? Then
# Ada has a factor already: go to step 5, or with a phone to 9.
mutation SignIn($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    flow {
      status
      reason
    }
    flowToken
    tokens {
      accessToken
      accessTokenExpiresAt
    }
    errors {
      code
      message
      path
      retryAt
    }
  }
}
`,
    variables: json(ada),
  },
  {
    query: `# 3 of 20. Paste accessToken into Headers, below. Run, and
# scan the QR code with an authenticator app, or type the secret.
# Copy enrollmentToken to step 4.
mutation AddApp {
  startEnrollment(input: { kind: TOTP }) {
    enrollmentToken
    errors {
      code
      message
    }
    enrollment {
      status
      expiresAt
      setup {
        ... on TotpSetup {
          secret
          uri
          qrCode(format: SVG)
        }
      }
    }
  }
}
`,
    headers: bearer(2),
  },
  {
    query: `# 4 of 20. Confirm it with the code that the app shows now.
# From here on Ada needs two factors.
mutation ConfirmApp($enrollmentToken: String!, $code: String!) {
  confirmEnrollment(input: { enrollmentToken: $enrollmentToken, proof: { code: $code } }) {
    enrollment {
      status
      factor {
        id
        kind
        label
      }
    }
    backupCodes
    errors {
      code
      message
      attemptsRemaining
    }
  }
}
`,
    variables: json({ enrollmentToken: '<enrollmentToken of step 3>', code: '000000' }),
  },
  {
    query: `# 5 of 20. Sign in again: no tokens this time, but a flow
# that asks for a code. Copy flowToken to step 6.
mutation SignInAgain($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password }) {
    flow {
      status
      promptReasons
      expiresAt
      factors {
        id
        kind
        hint
      }
      challenge {
        kind
        expiresAt
        ... on CodeChallenge {
          codeLength
          attemptsRemaining
        }
      }
    }
    flowToken
    errors {
      code
      message
      retryAt
    }
  }
}
`,
    variables: json(ada),
  },
  {
    query: `# 6 of 20. Answer with the app's next code: each is good
# once. Copy accessToken into the Headers of step 7.
mutation AnswerCode($flowToken: String!, $code: String!) {
  verifyChallenge(input: { flowToken: $flowToken, proof: { code: $code } }) {
    flow {
      status
      reason
    }
    tokens {
      accessToken
      accessTokenExpiresAt
      refreshToken
      session {
        assurance
        methods
      }
    }
    errors {
      code
      message
      attemptsRemaining
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 5>', code: '000000' }),
  },
  {
    query: `# 7 of 20. Pair a phone, within 5 minutes of step 6. Copy
# enrollmentToken to step 8, and run that tab. Then, in a terminal:
#   npx factorgate device pair "<uri>"
mutation PairPhone {
  startEnrollment(input: { kind: PUSH }) {
    enrollmentToken
    errors {
      code
      message
      requiredAssurance
    }
    enrollment {
      status
      expiresAt
      setup {
        ... on PushSetup {
          uri
          qrCode(format: SVG)
        }
      }
    }
  }
}
`,
    headers: bearer(6),
  },
  {
    query: `# 8 of 20. Watch the phone pair: PENDING turns CONFIRMED.
# Then keep it listening:  npx factorgate device watch
subscription WatchPairing($enrollmentToken: String!) {
  enrollment(enrollmentToken: $enrollmentToken) {
    status
    factor {
      id
      kind
      hint
    }
  }
}
`,
    variables: json({ enrollmentToken: '<enrollmentToken of step 7>' }),
  },
  {
    query: `# 9 of 20. Sign in and choose the factor yourself. Copy
# flowToken to steps 10 to 12, and the id of the PUSH factor to 10.
mutation ChooseFactor($email: String!, $password: String!) {
  signIn(input: { email: $email, password: $password, autoStart: false }) {
    flow {
      status
      factors {
        id
        kind
        hint
        usableFrom
      }
    }
    flowToken
    errors {
      code
      message
      retryAt
    }
  }
}
`,
    variables: json(ada),
  },
  {
    query: `# 10 of 20. Ask the phone. A login page shows numberToMatch
# big; you type it on the phone, within 2 minutes.
mutation StartPush($flowToken: String!, $factorId: ID!) {
  startChallenge(input: { flowToken: $flowToken, factorId: $factorId }) {
    flow {
      status
      challenge {
        expiresAt
        delivery
        ... on PushChallenge {
          sentTo
          numberToMatch
        }
      }
    }
    errors {
      code
      message
      retryAt
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 9>', factorId: '<id of the PUSH factor>' }),
  },
  {
    query: `# 11 of 20. Watch the flow: its present state comes first, so
# nothing is missed. Approve, and it turns VERIFIED:
#   npx factorgate device approve <number>
subscription WatchFlow($flowToken: String!) {
  authFlow(flowToken: $flowToken) {
    status
    reason
    serverTime
    challenge {
      kind
      delivery
      expiresAt
      ... on PushChallenge {
        numberToMatch
      }
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 9>' }),
  },
  {
    query: `# 12 of 20. Collect the tokens, within a minute. Copy
# accessToken into the Headers of steps 13 and 14.
mutation Complete($flowToken: String!) {
  completeAuthFlow(input: { flowToken: $flowToken }) {
    flow {
      status
    }
    tokens {
      accessToken
      accessTokenExpiresAt
      refreshToken
      session {
        assurance
        methods
      }
    }
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 9>' }),
  },
  {
    query: `# 13 of 20. Who is signed in.
query Viewer {
  viewer {
    id
    email
    displayName
    roles
    advice
    backupCodesRemaining
    factors {
      id
      kind
      label
      hint
      lastUsedAt
    }
  }
}
`,
    headers: bearer(12),
  },
  {
    query: `# 14 of 20. Prove it again before something sensitive. Answer
# the flowToken as in step 6, or in 10 to 12, with a token in return.
mutation StepUp {
  startStepUp(input: { maxAgeSeconds: 0, autoStart: false }) {
    flow {
      status
      requiredAssurance
      factors {
        id
        kind
        hint
      }
    }
    flowToken
    errors {
      code
      message
    }
  }
}
`,
    headers: bearer(12),
  },
  {
    query: `# 15 of 20. Register. The reply is the same for an address that
# is known: only the mail tells. Read it in the dev inbox.
mutation SignUp($email: String!, $password: String!) {
  signUp(input: { email: $email, password: $password }) {
    flow {
      status
      challenge {
        ... on CodeChallenge {
          sentTo
          codeLength
        }
      }
    }
    flowToken
    errors {
      code
      message
      path
    }
  }
}
`,
    variables: json({ email: 'new@example.com', password: 'violet-harbour-nine-kettles' }),
  },
  {
    query: `# 16 of 20. The code from the mail opens the account.
mutation ProveAddress($flowToken: String!, $code: String!) {
  verifyChallenge(input: { flowToken: $flowToken, proof: { code: $code } }) {
    flow {
      status
    }
    tokens {
      accessToken
    }
    errors {
      code
      message
      attemptsRemaining
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 15>', code: '<code from the dev inbox>' }),
  },
  {
    query: `# 17 of 20. Password forgotten. Answer with the code as in step
# 16; a second factor, if there is one, is asked for as well.
mutation ForgotPassword($email: String!) {
  startPasswordReset(input: { email: $email }) {
    flow {
      status
    }
    flowToken
    errors {
      code
      message
    }
  }
}
`,
    variables: json({ email: 'new@example.com' }),
  },
  {
    query: `# 18 of 20. In NEW_PASSWORD_REQUIRED: set the new one. Every
# session of the account ends.
mutation NewPassword($flowToken: String!, $newPassword: String!) {
  setPassword(input: { flowToken: $flowToken, newPassword: $newPassword }) {
    flow {
      status
    }
    errors {
      code
      message
      path
    }
  }
}
`,
    variables: json({ flowToken: '<flowToken of step 17>', newPassword: 'eleven-lamps-by-the-river' }),
  },
  {
    query: `# 19 of 20. What the organisation demands. Sign in as
# admin@example.com as in step 2, and paste its accessToken.
query ThePolicy {
  policy {
    version
    requirement
    enrollmentGraceDays
    minimumAssurance
    allowedKinds
    rememberDeviceDays
    riskResponses {
      signal
      response
    }
    rules {
      name
    }
  }
}
`,
    headers: json({ authorization: 'Bearer <accessToken of step 2, as admin@example.com>' }),
  },
  {
    query: `# 20 of 20. Know before you enforce: whom would it hit if service
# accounts needed a factor too, from one day to the next?
query KnowBeforeYouEnforce($version: Int!) {
  previewPolicy(
    changes: { version: $version, excludesServiceAccounts: false, enrollmentGraceDays: 0 }
  ) {
    affectedCount
    lockedOutCount
    inGraceCount
    excludedCount
    lockedOut(first: 10) {
      nodes {
        email
      }
    }
  }
}
`,
    variables: json({ version: 1 }),
    headers: json({ authorization: 'Bearer <accessToken of step 2, as admin@example.com>' }),
  },
];
