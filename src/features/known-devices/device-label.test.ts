import { deviceLabel } from './device-label';

it.each([
  ['Firefox 132', 'Windows 11', 'Firefox 132 on Windows 11'],
  ['Firefox 132', null, 'Firefox 132'],
  [null, 'Android 15', 'Android 15'],
  [null, null, 'Unknown device'],
])('browser %s and system %s are shown as %s', (browser, operatingSystem, label) => {
  expect(deviceLabel({ ipAddress: null, location: null, browser, operatingSystem })).toBe(label);
});
