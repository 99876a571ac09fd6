/**
 * The door: Fastify, Apollo Server, WebSocket and event streams around a built app, which it sees only as
 * `GatewayApp`. It promises that a request reaches a resolver only as one bounded, valid operation from a
 * counted address, and that nothing leaves but data, public errors and the closed list of codes. Whatever
 * transport a client chooses, the limits, the checks and the words are the same. `main.ts`, the command line
 * and the tests start it.
 */
export * from './gateway-app';
export { createServer, type GatewayServer } from './server';
