import { Refusal, newId, type Chance, type ClientContext, type Clock } from '../../kernel';
import { sha256, type Keyring, type Sql, type UnitOfWork } from '../../platform';
import { deviceLabel } from './device-label';
import type { KnownDevice } from './known-device';
import * as store from './known-devices.store';

const DEVICES_MAX = 50;
const REMEMBERED_MAX = 10;
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
  async recognise(
    userId: string,
    presentedToken: string | undefined,
  ): Promise<Pick<KnownDevice, 'id' | 'rememberedUntil'> | undefined> {
    if (presentedToken === undefined || !/^[A-Za-z0-9_-]{43}$/.test(presentedToken)) return undefined;
    return store.findDevice(this.sql, userId, sha256(presentedToken));
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
      seen.knownDeviceId === null ? undefined : await store.touchDevice(tx, seen.knownDeviceId, sighting);
    const token = held && this.tokenFrom(held);
    if (held && token !== undefined) return { id: held.id, token };
    const device = { id: newId('kdv', this.clock, this.chance), ...this.newSeed() };
    const newToken = this.derived(device);
    await store.insertDevice(tx, { ...device, ...sighting, tokenHash: sha256(newToken) }, DEVICES_MAX);
    return { id: device.id, token: newToken };
  }

  /**
   * The device's token once more, for a repeat of a call whose reply was lost; undefined once it was
   * forgotten.
   */
  async tokenOf(id: string): Promise<string | undefined> {
    const held = await store.findSeed(this.sql, id);
    return held && this.tokenFrom(held);
  }

  /** Those that are known, the one used last first, at most 50. */
  list(userId: string): Promise<KnownDevice[]> {
    return store.listKnown(this.sql, userId, DEVICES_MAX);
  }

  /**
   * From now on the device spares the second factor for so many days, however often it is used. False where the user has
   * none of the factors any more that were proven. At most 10 are remembered; of the one whose days end first it is
   * forgotten. The caller holds the user's row.
   */
  async remember(tx: UnitOfWork, wanted: store.Remembering): Promise<boolean> {
    return (await store.setRemembered(tx, wanted, REMEMBERED_MAX)) !== undefined;
  }

  /** Whether this device of the user spares the second factor at present. */
  isRemembered(tx: UnitOfWork, userId: string, id: string): Promise<boolean> {
    return store.isRemembered(tx, userId, id);
  }

  /**
   * No device of the user spares the second factor any more; they stay known. Says how many did. Takes the user's row, so
   * it comes after flows and challenges and before sessions and notices.
   */
  async forgetAll(tx: UnitOfWork, userId: string): Promise<number> {
    await store.lockOwner(tx, userId);
    return store.clearRemembered(tx, userId);
  }

  /**
   * These devices of the user, or all where `ids` is null, are new ones again; says how many. Refuses with NOT_FOUND if one
   * is not the user's: the caller's transaction must then change nothing.
   */
  async forget(tx: UnitOfWork, userId: string, ids: readonly string[] | null): Promise<number> {
    const wanted = ids && [...new Set(ids)];
    await store.lockOwner(tx, userId);
    const done = await store.revokeDevices(tx, userId, wanted);
    if (wanted && done?.owned !== wanted.length) throw new Refusal('NOT_FOUND');
    return done?.forgotten ?? 0;
  }

  private newSeed(): Pick<store.DeviceSeed, 'seed' | 'keyVersion'> {
    return { seed: this.chance.bytes(SEED_BYTES), keyVersion: this.keyring.version };
  }

  /**
   * Undefined if the key that it was derived with is no longer in the ring: then it still is recognised, but
   * not told.
   */
  private tokenFrom(held: store.DeviceSeed): string | undefined {
    return this.keyring.has(held.keyVersion) ? this.derived(held) : undefined;
  }

  private derived({ id, seed, keyVersion }: store.DeviceSeed): string {
    const parts = ['device', id, Buffer.from(seed).toString('base64url')];
    return this.keyring.mac('token', parts, keyVersion).toString('base64url');
  }
}
