import type { AddressRequest } from '../factors';
import type { StoredPassword } from '../users';

/** Purposes whose first question goes to an address; nothing about the account shows before it is answered. */
const ADDRESS_PURPOSES = ['SIGN_UP', 'PASSWORD_RESET', 'EMAIL_CHANGE'] as const;
export type AddressPurpose = (typeof ADDRESS_PURPOSES)[number];

export const isAddressPurpose = (purpose: string): purpose is AddressPurpose =>
  (ADDRESS_PURPOSES as readonly string[]).includes(purpose);

/** What a flow that begins with an address is about. Sealed in the flow's row, and gone with it. */
export interface FlowSubject {
  /** As typed. */
  readonly email: string;
  readonly locale: string | null;
  readonly decoy: AddressRequest['decoy'];
  /** SIGN_UP only: what the account will have once the address is proven. */
  readonly displayName?: string | null;
  readonly password?: StoredPassword;
}

export const placeOfSubject = (flowId: string) => ({
  table: 'auth_flow',
  column: 'sealed_subject',
  row: flowId,
  user: flowId,
});
