/** Something that whoever uses the device is to be told, in one line. `code` is the gateway's, where it gave one. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
