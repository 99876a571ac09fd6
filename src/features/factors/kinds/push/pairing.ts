import { z } from 'zod';

/** What a pending enrollment keeps, so that its QR code can be drawn again. */
export const keptPairing = z.object({ pairingToken: z.string(), gateway: z.string() });
export type KeptPairing = z.infer<typeof keptPairing>;

/** The deep link in the QR code: `factorgate://pair?token=…&gateway=…`. */
export const pairingUri = ({ pairingToken, gateway }: KeptPairing): string =>
  `factorgate://pair?${new URLSearchParams({ token: pairingToken, gateway }).toString()}`;
