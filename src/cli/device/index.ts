/**
 * A phone in the terminal: pairs with a gateway, hears of approvals and answers them, over nothing but the
 * public API. `factorgate device …` is made of it, and tests use `TerminalDevice` as a real phone. The
 * private key stays in one file that only its owner can read, and is never printed.
 */
export { registerDeviceCommands } from './device-commands';
export {
  type Approval,
  type ApprovalAnswer,
  type ApprovalDecision,
  type PairingOptions,
  TerminalDevice,
} from './terminal-device';
export type { DeviceState } from './device-state';
