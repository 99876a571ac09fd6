import { clientContext, placeLabel } from './client-context';

describe('where a request comes from', () => {
  it('is shown by city and country, or by the country alone, in English', () => {
    expect(placeLabel({ city: 'Zurich', country: 'CH' })).toBe('Zurich, Switzerland');
    expect(placeLabel({ city: null, country: 'CH' })).toBe('Switzerland');
    expect(placeLabel({ city: null, country: 'QX' })).toBe('QX');
  });

  it('is at most 60 characters, and none that turn the text around', () => {
    expect([...placeLabel({ city: 'x'.repeat(80), country: 'GS' })]).toHaveLength(60);
    expect(placeLabel({ city: 'Zu\u202erich', country: 'CH' })).toBe('Zu rich, Switzerland');
  });

  it('has a location with and without a browser, and none where the place is unknown', () => {
    const place = { city: null, country: 'CH', latitude: null, longitude: null };
    expect(clientContext('198.51.100.7', undefined, place).location).toBe('Switzerland');
    expect(clientContext('198.51.100.7', 'curl/8', place).location).toBe('Switzerland');
    expect(clientContext('198.51.100.7', 'curl/8', null).location).toBeNull();
    expect(clientContext('198.51.100.7', 'curl/8').location).toBeNull();
  });
});
