import 'reflect-metadata';
import { Dispatcher, Outbox, OutboxStore, deliveryProviders, deliverySettings } from './delivery';
import {
  AccountResolver,
  Accounts,
  AdministratorNotices,
  BackupCodeSets,
  EnrollmentAccess,
  EnrollmentResolver,
  EmailChangeResolver,
  FactorManagement,
  FactorsResolver,
  GatewayResolver,
  KnownDevicesResolver,
  Notices,
  Profile,
  ProfileResolver,
  ReportResolver,
  SecurityEventsResolver,
  Reports,
  UserFieldsResolver,
  reportRoute,
} from './features/account';
import {
  AuditEventFieldsResolver,
  Authority,
  CallerChecks,
  FactorOwnerResolver,
  FactorReset,
  Lists,
  ListsResolver,
  Statistics,
  StatisticsResolver,
  UserActivityResolver,
  UserAdministration,
  UserAdministrationResolver,
  PolicyAdministration,
  PolicyTrials,
  PolicyFieldsResolver,
  PolicyImpactResolver,
  PolicyResolver,
} from './features/administration';
import {
  AddressFlowResolver,
  AddressFlows,
  AuthFlowFieldsResolver,
  AuthFlowResolver,
  BeginFlow,
  FlowEnding,
  FlowSteps,
  Flows,
  NewPasswords,
  PendingFlows,
  SessionOpener,
  SignIn,
  StepUp,
  authFlowSettings,
  flowVersions,
  type Application,
} from './features/auth-flow';
import { Answers, Challenges, DeviceAnswers, type EngineDeps } from './features/challenges';
import { EnrollmentFieldsResolver, Enrollments, enrollmentVersions } from './features/enrollment';
import {
  AuditExport,
  AuditFeed,
  AuditRecorder,
  AuditRetention,
  AuditSealer,
  WebhookAddresses,
  WebhookSender,
  WebhookWorker,
  Webhooks,
  auditSettings,
  webhookSettings,
} from './features/events';
import {
  Factors,
  TemporaryCodes,
  factorKinds,
  type DevicePort,
  type FactorKindAtWork,
} from './features/factors';
import { KnownDevices } from './features/known-devices';
import { Limits, type WindowRule } from './features/limits';
import { Policies, policySettings } from './features/policy';
import { Exports, Imports } from './features/portability';
import {
  RecoveryCodes,
  RecoveryCompletion,
  RecoveryDecisionFieldsResolver,
  RecoveryDecisions,
  RecoveryFieldsResolver,
  RecoveryNotices,
  RecoveryProgress,
  RecoveryRequests,
  RecoveryResolver,
  cancelRoute,
} from './features/recovery';
import {
  AccessTokens,
  RefreshTokens,
  Sessions,
  SigningKeys,
  TokensResolver,
  sessionRoutes,
  sessionSettings,
} from './features/sessions';
import {
  PasswordHasher,
  PasswordRules,
  PasswordSignIn,
  PortableUsers,
  PwnedPasswords,
  ThreadRater,
  Users,
  usersSettings,
} from './features/users';
import type { Infrastructure } from './infrastructure';
import { RequestFault, seconds } from './kernel';
import {
  Database,
  Metrics,
  Places,
  Watcher,
  addressKey,
  clientContext,
  httpSettings,
  repeat,
  type Caller,
  type RequestContext,
  type Resolvers,
} from './platform';
import { applyPolicyFile } from './policy-at-start';
import { gatewaySchema } from './schema';
import type { GatewayApp, RequestFacts } from './server';
import { VERSION } from './version';

/** Mutations of which a document may hold only one: each is a try, and tries are counted one by one. */
const AUTHENTICATION_MUTATIONS = [
  'signIn',
  'signUp',
  'startPasswordReset',
  'setPassword',
  'changeEmail',
  'changePassword',
  'startStepUp',
  'startChallenge',
  'verifyChallenge',
  'completeAuthFlow',
  'refreshTokens',
  'startEnrollment',
  'confirmEnrollment',
  'resyncFactor',
  'generateBackupCodes',
  'registerDevice',
  'respondToApproval',
  'createUser',
  'startCallerCheck',
  'issueTemporaryCode',
  'resetFactors',
  'inviteUser',
  'requestRecovery',
  'cancelRecovery',
  'decideRecovery',
];

const SWEEP_EVERY = seconds(10);

/** The app, and what commands and tests do with it besides serving requests. */
export interface App extends GatewayApp {
  /** Begins the background work: sending, sealing, sweeping. */
  start(): void;
  /** One turn of the sweeper. */
  sweep(): Promise<number>;
  readonly accounts: Accounts;
  readonly policies: Policies;
  readonly policyTrials: PolicyTrials;
  readonly imports: Imports;
  readonly exports: Exports;
  readonly auditFeed: AuditFeed;
  readonly webhooks: Webhooks;
  readonly webhookWorker: WebhookWorker;
  readonly retention: AuditRetention;
  readonly auditExport: AuditExport;
  readonly signingKeys: SigningKeys;
  readonly sealer: AuditSealer;
  readonly outbox: Outbox;
  readonly watchers: { readonly flows: Watcher; readonly enrollments: Watcher };
}

/** Builds every service in dependency order. The only place that knows which class uses which. */
export async function createApp(base: Infrastructure): Promise<App> {
  const { config, bus, keyring, log, clock, chance } = base;
  const database = new Database(base.source);
  const metrics = new Metrics();
  const http = config.of(httpSettings);
  const places = await Places.open(http.placesFile);
  const publicUrl = http.publicUrl ?? `http://localhost:${String(http.port)}`;
  const applications = config.of(authFlowSettings).applications ?? [
    { clientId: 'default', name: http.gatewayName },
  ];
  const userSettings = config.of(usersSettings);
  const tokenSettings = config.of(sessionSettings);

  const recorder = new AuditRecorder(clock, chance, async (sql, entries) => {
    await notices.announce(sql, entries);
    webhookWorker.announce(sql);
    auditFeed.announce(sql);
  });
  const sealer = new AuditSealer(database, keyring, log);
  const { retentionDays } = config.of(auditSettings);
  const retention = new AuditRetention(database, keyring, clock, log, recorder, sealer, retentionDays);
  const auditFeed = new AuditFeed(database, bus, log);
  const limits = new Limits(database);
  const { providers, routes: deliveryRoutes } = deliveryProviders(config, database, clock);
  const outbox: Outbox = new Outbox(
    new OutboxStore(database, keyring, clock, chance),
    new Dispatcher(providers, metrics, log, clock),
    {
      onDelivery: (challengeId, state) => challenges.delivered(challengeId, state),
      onUnreachable: async (_, to) => {
        for (const kind of kinds.values()) await kind.unreachable?.(to);
      },
    },
    chance,
    log,
  );

  const addresses = new WebhookAddresses({
    privateNetworks: config.of(webhookSettings).allowPrivate,
    isLoopbackAllowed: !config.isProduction,
  });
  const sender = new WebhookSender(addresses);
  const webhookDeps = { database, keyring, clock, chance, recorder, addresses, sender };
  const webhooks = new Webhooks(webhookDeps);
  const administratorNotices = new AdministratorNotices(outbox, http.gatewayName, clock);
  const webhookWorker: WebhookWorker = new WebhookWorker({
    ...webhookDeps,
    log,
    parked: (tx, endpoint, why) => administratorNotices.webhookParked(tx, endpoint, why),
  });

  const hasher = new PasswordHasher(keyring, userSettings.hashesInParallel);
  const rater = new ThreadRater();
  const rules = new PasswordRules(
    { minimumLength: userSettings.passwordMinimumLength, gatewayName: http.gatewayName },
    rater,
    userSettings.breachedPasswords === 'online'
      ? new PwnedPasswords(userSettings.breachedPasswordsEndpoint, log)
      : undefined,
  );
  const users = new Users(database, hasher, clock, chance, rules);
  const passwords = new PasswordSignIn(database, limits, hasher);

  const devices: DevicePort = {
    settle: (...answer) => deviceAnswers.settle(...answer),
    find: (...names) => deviceAnswers.find(...names),
    waiting: (factorId) => deviceAnswers.waiting(factorId),
    versions: (factorIds) => deviceAnswers.versions(factorIds),
    received: (challengeId) => challenges.delivered(challengeId, 'RECEIVED'),
    activate: (...pairing) => enrollments.activateByDevice(...pairing),
  };
  const kindDeps = {
    config,
    clock,
    chance,
    keyring,
    sql: database,
    bus,
    log,
    publicUrl,
    gatewayName: http.gatewayName,
    devices,
    chargeUse: (rule: WindowRule, subject: string) => limits.chargeUse(rule, subject),
  };
  const kinds = new Map<string, FactorKindAtWork<never>>(
    factorKinds.map((module) => [module.kind, module.create(kindDeps) as FactorKindAtWork<never>]),
  );
  const factors = new Factors(database, kinds);
  const temporaryCodes = new TemporaryCodes(factors, clock, chance, kinds);

  const notices = new Notices({
    kinds,
    outbox,
    limits,
    keyring,
    clock,
    log,
    publicUrl,
    gatewayName: http.gatewayName,
  });

  const recoveryNotices = new RecoveryNotices(notices, outbox, keyring, publicUrl, http.gatewayName);
  const recoveryCodes = new RecoveryCodes(temporaryCodes, users, recoveryNotices, recorder, limits);
  const recoveryProgress = new RecoveryProgress(database, recoveryCodes, recoveryNotices);

  const knownDevices = new KnownDevices(database, keyring, clock, chance);
  const signingKeys = new SigningKeys(database, keyring, clock, chance, log, tokenSettings);
  const refreshTokens = new RefreshTokens(database, keyring, tokenSettings, (tx, reuse) =>
    recorder.record(tx, { type: 'TOKEN_REUSE_DETECTED', outcome: 'FAILURE', ...reuse }),
  );
  const sessions = new Sessions(
    database,
    keyring,
    clock,
    chance,
    new AccessTokens(signingKeys, clock, chance, publicUrl, tokenSettings),
    refreshTokens,
    tokenSettings,
  );

  const policies = new Policies(database, recorder, log, (tx, enforced, userId) =>
    sessions.endByDeadline(tx, enforced, userId),
  );
  const flowWatcher = new Watcher('flow', bus, (ids) => flowVersions(database, ids), log);
  const opener = new SessionOpener(
    sessions,
    knownDevices,
    recorder,
    policies,
    async (tx, { id, userId, context }) => {
      if (userId) await recoveryRequests.cancelOf(tx, userId, { reason: 'signed in', flowId: id, context });
    },
  );
  const ending = new FlowEnding(users, sessions, opener, recorder, keyring, policies);
  const flows = new Flows(database, clock, chance, flowWatcher, ending, keyring);
  const engine: EngineDeps = {
    database,
    kinds,
    limits,
    recorder,
    outbox,
    keyring,
    clock,
    chance,
    metrics,
    flows,
    reported: (tx, phone) => reports.byPhone(tx, phone),
    ringDevice: (factorId: string) => void bus.publish(`device:${factorId}`, ''),
  };
  const challenges: Challenges = new Challenges(engine);
  const answers = new Answers(engine, challenges);
  const deviceAnswers: DeviceAnswers = new DeviceAnswers(engine, answers);
  const enrollmentWatcher = new Watcher('enrollment', bus, (ids) => enrollmentVersions(database, ids), log);
  const enrollments: Enrollments = new Enrollments({
    database,
    kinds,
    factors,
    recorder,
    outbox,
    keyring,
    clock,
    chance,
    flows,
    watcher: enrollmentWatcher,
    flowEnrolls: (tx, flow) => recoveryCompletion.flowEnrolls(tx, flow),
    factorAdded: async (tx, userId) => {
      await policies.openEnrollment(tx, userId);
      await knownDevices.forgetAll(tx, userId);
    },
  });

  const beginFlow = new BeginFlow(database, flows, factors, challenges, limits, opener, log, policies);
  const signIn = new SignIn(
    passwords,
    knownDevices,
    beginFlow,
    recorder,
    database,
    metrics,
    clock,
    applications,
  );
  const stepUp = new StepUp(
    users,
    factors,
    passwords,
    sessions,
    beginFlow,
    policies,
    recorder,
    database,
    clock,
    applications,
  );
  const isSignUpAllowed = config.of(authFlowSettings).isSignUpAllowed ?? !config.isProduction;
  const pendingFlows = new PendingFlows(flows, challenges);
  const addressFlows = new AddressFlows(
    database,
    flows,
    challenges,
    users,
    limits,
    ending,
    policies,
    isSignUpAllowed,
    applications[0] as Application,
  );
  const newPasswords = new NewPasswords({
    database,
    flows,
    users,
    sessions,
    knownDevices,
    pending: pendingFlows,
    opener,
    ending,
    recorder,
    keyring,
  });
  const steps = new FlowSteps(
    database,
    flows,
    factors,
    challenges,
    answers,
    users,
    opener,
    keyring,
    addressFlows,
  );
  const accounts = new Accounts(database, users, sessions, recorder, policies, knownDevices);
  const reports: Reports = new Reports({
    database,
    flows,
    challenges,
    sessions,
    users,
    pending: pendingFlows,
    recorder,
    keyring,
    knownDevices,
    cancelRecovery: (tx, userId) => recoveryRequests.cancelOf(tx, userId, { reason: 'reported' }),
    tellAdministrators: (tx, reported) => notices.tellAdministrators(tx, reported),
  });
  const access = new EnrollmentAccess(users, factors, flows, sessions, policies, clock);
  const profile = new Profile(
    database,
    users,
    passwords,
    sessions,
    access,
    recorder,
    pendingFlows,
    knownDevices,
  );

  const backupCodes = new BackupCodeSets(database, factors, recorder, clock, chance, policies, kinds);
  const management = new FactorManagement({
    database,
    kinds,
    users,
    factors,
    challenges,
    sessions,
    limits,
    recorder,
    access,
    policies,
    knownDevices,
  });

  const policyTrials = new PolicyTrials({
    database,
    policies,
    users,
    factors,
    applications,
    placeOf: (ipAddress) => places.of(ipAddress),
  });
  const policyAdministration = new PolicyAdministration({
    database,
    policies,
    users,
    access,
    recorder,
    trials: policyTrials,
  });

  const authority = new Authority(users, access);
  const userAdministration = new UserAdministration({
    database,
    users,
    authority,
    access,
    pendingFlows,
    enrollments,
    knownDevices,
    sessions,
    limits,
    policies,
    recorder,
    outbox,
    gatewayName: http.gatewayName,
  });
  const factorReset = new FactorReset({
    database,
    users,
    authority,
    access,
    policies,
    administration: userAdministration,
    factors,
    kinds,
    temporaryCodes,
  });
  const callerChecks = new CallerChecks({
    database,
    authority,
    administration: userAdministration,
    factors,
    flows,
    challenges,
    limits,
    policies,
    application: applications[0] as Application,
  });
  const lists = new Lists(database, users, factors, limits);
  const statistics = new Statistics(database);

  const recoveryRequests: RecoveryRequests = new RecoveryRequests({
    database,
    flows,
    users,
    factors,
    policies,
    limits,
    recorder,
    notices: recoveryNotices,
    codes: recoveryCodes,
    keyring,
    clock,
    chance,
  });
  const recoveryCompletion: RecoveryCompletion = new RecoveryCompletion({
    kinds,
    factors,
    pending: pendingFlows,
    enrollments,
    knownDevices,
    policies,
    sessions,
    recorder,
  });
  const recoveryDecisions = new RecoveryDecisions({
    database,
    authority,
    access,
    factors,
    policies,
    recorder,
    notices: recoveryNotices,
    progress: recoveryProgress,
  });

  const portableUsers = new PortableUsers(database, clock, chance);
  const imports = new Imports({
    database,
    users: portableUsers,
    factors,
    kinds,
    policies,
    recorder,
    keyring,
    clock,
    chance,
  });
  const exports = new Exports({ database, users: portableUsers, factors, kinds, recorder, keyring });

  const resolvers = resolversOf([
    new AuthFlowResolver(flows, steps, signIn, stepUp, flowWatcher),
    new AddressFlowResolver(addressFlows, signIn, flows, newPasswords),
    new AuthFlowFieldsResolver(factors, challenges, limits),
    new EnrollmentResolver(enrollments, access, flows, enrollmentWatcher, backupCodes),
    new EnrollmentFieldsResolver(enrollments, users, factors),
    new AccountResolver(accounts, access),
    new FactorsResolver(management, backupCodes, enrollments, access, users, limits),
    new ReportResolver(reports, limits),
    new EmailChangeResolver(addressFlows, access),
    new ProfileResolver(profile, accounts),
    new PolicyResolver(policyAdministration, policyTrials),
    new PolicyFieldsResolver(accounts),
    new PolicyImpactResolver(policyTrials),
    new AuditEventFieldsResolver(accounts),
    new UserAdministrationResolver(userAdministration, factorReset, callerChecks),
    new ListsResolver(lists, accounts),
    new UserActivityResolver(lists),
    new FactorOwnerResolver(accounts),
    new StatisticsResolver(statistics),
    new RecoveryResolver(recoveryRequests, recoveryDecisions, limits),
    new RecoveryFieldsResolver(recoveryRequests, accounts),
    new RecoveryDecisionFieldsResolver(accounts),
    new SecurityEventsResolver(auditFeed, users, sessions),
    new KnownDevicesResolver(knownDevices, sessions, profile, accounts),
    new UserFieldsResolver(factors, limits, sessions, backupCodes, policies, kinds),
    new TokensResolver(sessions),
    new GatewayResolver(
      {
        name: http.gatewayName,
        version: VERSION,
        publicUrl,
        isSignUpAllowed,
        passwordMinimumLength: userSettings.passwordMinimumLength,
        webPushPublicKey: config.of(deliverySettings).vapidPublicKey ?? null,
        supportUrl: http.supportUrl ?? null,
        enabledKinds: factors.enabledKinds,
      },
      policies,
    ),
    ...[...kinds.values()].flatMap((kind) => [...kind.resolvers]),
  ]);

  const sweep = async (): Promise<number> => {
    const turns = [
      () => challenges.sweep(),
      () =>
        flows.sweep(
          (tx, flowId) => challenges.close(tx, flowId, 'EXPIRED'),
          (tx, flow) => ending.abandoned(tx, flow),
        ),
      () => enrollments.sweep(),
      () => sessions.sweep(),
      () => limits.sweep(),
      () => policies.sweep(),
      () => recoveryProgress.sweep(),
      async () => {
        await statistics.sweep();
        return 0;
      },
      ...[...kinds.values()].flatMap((kind) =>
        kind.sweep ? [() => kind.sweep?.() ?? Promise.resolve(0)] : [],
      ),
    ];
    let swept = 0;
    for (const turn of turns) swept += await turn();
    return swept;
  };

  await signingKeys.prepare();
  const { policyFile } = config.of(policySettings);
  if (policyFile !== undefined) await applyPolicyFile(policyFile, policies, log);
  let sweeper: ReturnType<typeof repeat> | undefined;
  return {
    config,
    log,
    metrics,
    accounts,
    policies,
    policyTrials,
    imports,
    exports,
    auditFeed,
    webhooks,
    webhookWorker,
    retention,
    auditExport: new AuditExport(database),
    signingKeys,
    sealer,
    outbox,
    sweep,
    schema: gatewaySchema(),
    pages: [
      reportRoute(reports, limits, http.gatewayName),
      cancelRoute(recoveryRequests, accounts, limits, http.gatewayName),
    ],
    routes: [...sessionRoutes(signingKeys, publicUrl), ...deliveryRoutes],
    authenticationMutations: new Set(AUTHENTICATION_MUTATIONS),
    watchers: { flows: flowWatcher, enrollments: enrollmentWatcher },
    context: (facts) =>
      requestContext(facts, resolvers, places, (authorization) =>
        authenticate(authorization, sessions, kinds),
      ),
    isStanding: (caller) => isStanding(caller, sessions, kinds),
    isReady: async () => {
      try {
        await database.rows('SELECT 1');
        return true;
      } catch {
        return false;
      }
    },
    start() {
      outbox.start();
      sealer.start();
      webhookWorker.start();
      retention.start();
      sweeper ??= repeat('sweeper', SWEEP_EVERY, sweep, log);
    },
    async close() {
      flowWatcher.close();
      auditFeed.close();
      enrollmentWatcher.close();
      await Promise.all([
        outbox.stop(),
        sealer.stop(),
        webhookWorker.stop(),
        retention.stop(),
        sweeper?.stop(),
        rater.close(),
      ]);
      await base.close();
    },
  };
}

type Kinds = ReadonlyMap<string, FactorKindAtWork<never>>;

function resolversOf(instances: readonly object[]): Resolvers {
  const byClass = new Map<unknown, object>(instances.map((instance) => [instance.constructor, instance]));
  return {
    get<T extends object>(resolver: new (...parts: never[]) => T): T {
      const instance = byClass.get(resolver);
      if (!instance) throw new Error(`no instance of ${resolver.name}: build it in app.ts`);
      return instance as T;
    },
  };
}

function requestContext(
  facts: RequestFacts,
  resolvers: Resolvers,
  places: Places,
  identify: (authorization: string) => Promise<Caller>,
): RequestContext {
  let caller: Promise<Caller> | undefined;
  const { authorization } = facts;
  const place = places.of(facts.ipAddress);
  return {
    requestId: facts.requestId,
    resolvers,
    client: clientContext(facts.ipAddress, facts.userAgent, place),
    place,
    addressKey: addressKey(facts.ipAddress),
    cookies: facts.cookies,
    caller: () =>
      (caller ??=
        authorization === undefined
          ? Promise.resolve({ kind: 'anonymous' } as const)
          : identify(authorization)),
  };
}

async function authenticate(authorization: string, sessions: Sessions, kinds: Kinds): Promise<Caller> {
  const [, scheme = '', credential = ''] = /^(\S+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return sessions.authenticate(credential);
  if (scheme.toLowerCase() === 'device') {
    for (const kind of kinds.values())
      if (kind.authenticateDevice) return kind.authenticateDevice(credential);
  }
  throw new RequestFault('UNAUTHENTICATED');
}

async function isStanding(caller: Caller, sessions: Sessions, kinds: Kinds): Promise<boolean> {
  if (caller.kind === 'user') return sessions.isStanding(caller);
  if (caller.kind === 'anonymous') return true;
  for (const kind of kinds.values()) if (kind.isDeviceStanding) return kind.isDeviceStanding(caller);
  return false;
}
