import { STARTED, type Started } from './global-setup';

/** Stops what the setup started; Jest calls it after failed tests too. */
export default async function teardown(): Promise<void> {
  await Promise.all(((globalThis as Started)[STARTED] ?? []).map((server) => server.stop()));
}
