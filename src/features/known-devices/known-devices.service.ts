import { newId, type Chance, type ClientContext, type Clock } from '../../kernel';
import { sha256, type Keyring, type Sql, type UnitOfWork } from '../../platform';
import { deviceLabel } from './device-label';
import { findDevice, findSeed, insertDevice, touchDevice, type DeviceSeed } from './known-devices.store';

const DEVICES_MAX = 50;
const SEED_BYTES = 16;

export interface NotedDevice {
  readonly id: string;
  /** For the client to keep: `Tokens.deviceToken`. */
  readonly token: string;
}

export class KnownDevices {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {}

  /** The device that the token names, if it is one of this user's. Whatever else is presented names none. */
  async recognise(userId: string, presentedToken: string | undefined): Promise<{ id: string } | undefined> {
    if (presentedToken === undefined || !/^[A-Za-z0-9_-]{43}$/.test(presentedToken)) return undefined;
    return findDevice(this.sql, userId, sha256(presentedToken));
  }

  /**
   * The device was used to sign in: keeps its token, or makes it known. A user has at most 50; the oldest is
   * dropped. The caller holds the user's row, so that two sign-ins of one user are counted one after the other.
   */
  async note(
    tx: UnitOfWork,
    seen: { userId: string; knownDeviceId: string | null; context: ClientContext },
  ): Promise<NotedDevice> {
    const sighting = { userId: seen.userId, label: deviceLabel(seen.context), context: seen.context };
    const held =
      seen.knownDeviceId === null ? undefined : await touchDevice(tx, seen.knownDeviceId, sighting);
    const token = held && this.tokenFrom(held);
    if (held && token !== undefined) return { id: held.id, token };
    const device = { id: newId('kdv', this.clock, this.chance), ...this.newSeed() };
    const newToken = this.derived(device);
    await insertDevice(tx, { ...device, ...sighting, tokenHash: sha256(newToken) }, DEVICES_MAX);
    return { id: device.id, token: newToken };
  }

  /**
   * The device's token once more, for a repeat of a call whose reply was lost; undefined once it was
   * forgotten.
   */
  async tokenOf(id: string): Promise<string | undefined> {
    const held = await findSeed(this.sql, id);
    return held && this.tokenFrom(held);
  }

  private newSeed(): Pick<DeviceSeed, 'seed' | 'keyVersion'> {
    return { seed: this.chance.bytes(SEED_BYTES), keyVersion: this.keyring.version };
  }

  /**
   * Undefined if the key that it was derived with is no longer in the ring: then it still is recognised, but
   * not told.
   */
  private tokenFrom(held: DeviceSeed): string | undefined {
    return this.keyring.has(held.keyVersion) ? this.derived(held) : undefined;
  }

  private derived({ id, seed, keyVersion }: DeviceSeed): string {
    const parts = ['device', id, Buffer.from(seed).toString('base64url')];
    return this.keyring.mac('token', parts, keyVersion).toString('base64url');
  }
}
