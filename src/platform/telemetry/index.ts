/** What the operator sees: a structured log without secrets, and counters for Prometheus. */
export * from './log';
export * from './metrics';
export * from './telemetry.config';
