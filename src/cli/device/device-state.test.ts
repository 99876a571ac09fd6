import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDeviceState, writeDeviceState, type DeviceState } from './device-state';

const state: DeviceState = {
  gateway: 'https://id.example.com',
  deviceId: 'dev_00000000000000000000000001',
  name: 'Terminal',
  algorithm: 'ES256',
  privateKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'the-private-part' },
};

describe('the file of a device', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'device-'));
    file = join(folder, 'inner', 'terminal-device.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const mode = (): number => statSync(file).mode & 0o777;

  it('gives back what was written', () => {
    expect(readDeviceState(file)).toBeUndefined();
    writeDeviceState(file, state);
    expect(readDeviceState(file)).toEqual(state);
  });

  it('can be read by its owner only, even where it was open before', () => {
    writeDeviceState(file, state);
    expect(mode()).toBe(0o600);
    chmodSync(file, 0o644);
    writeDeviceState(file, state);
    expect(mode()).toBe(0o600);
  });

  it('is never quoted when it is broken', () => {
    writeDeviceState(file, state);
    writeFileSync(file, `${JSON.stringify(state)} and more`);
    expect(() => readDeviceState(file)).toThrow(/does not hold a paired device/);
    expect(() => readDeviceState(file)).not.toThrow(/the-private-part/);
  });
});
