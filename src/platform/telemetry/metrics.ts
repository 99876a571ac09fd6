import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Every metric of the gateway, declared once with its sentence. One set per app: two apps in a process do not mix. */
export class Metrics {
  readonly registry = new Registry();
  readonly challenges = new Counter({
    name: 'factorgate_challenges_total',
    help: 'Challenges by kind and outcome (started, accepted, refused, limited, closed).',
    labelNames: ['kind', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly signIns = new Counter({
    name: 'factorgate_sign_ins_total',
    help: 'Sign-ins by outcome of the first factor (accepted, refused, limited).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });
  readonly waitingScreens = new Gauge({
    name: 'factorgate_waiting_screens',
    help: 'Login screens that follow a flow on this process.',
    registers: [this.registry],
  });
  readonly messages = new Counter({
    name: 'factorgate_messages_total',
    help: 'Messages handed to a provider, by channel and outcome (sent, failed).',
    labelNames: ['channel', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly providerMessages = new Counter({
    name: 'factorgate_provider_messages_total',
    help: 'Tries to hand a message to a provider, by provider, channel and outcome (sent, failed).',
    labelNames: ['provider', 'channel', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly providerSeconds = new Histogram({
    name: 'factorgate_provider_seconds',
    help: 'Time that a provider took to take or refuse a message.',
    labelNames: ['provider', 'channel'] as const,
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });
  readonly providerBreaker = new Gauge({
    name: 'factorgate_provider_breaker',
    help: 'Whether a provider may be asked: 0 yes, 1 one message is trying it, 2 it rests after failures.',
    labelNames: ['provider', 'channel'] as const,
    registers: [this.registry],
  });
  readonly operationSeconds = new Histogram({
    name: 'factorgate_operation_seconds',
    help: 'Time to answer a GraphQL operation, by root field.',
    labelNames: ['field'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });

  /** Memory, event loop and garbage collection of the process: asked for once, by the server. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }
}
