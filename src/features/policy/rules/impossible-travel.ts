import type { Place, Rule } from '../facts';
import { signalFinding } from '../finding';
import { placeName } from '../place-name';

/** As fast as an airliner; nearer than this, the places of addresses are too coarse to tell. */
const KILOMETRES_PER_HOUR = 900;
const NEAR_KILOMETRES = 500;
const EARTH_RADIUS = 6371;

/** The last sign-in was so far away that nobody could have come here since. Only where places have coordinates. */
export const impossibleTravel: Rule = {
  name: 'impossible-travel',
  evaluate: (policy, { at, place, lastPlace }) => {
    if (!place || !lastPlace) return undefined;
    const kilometres = distance(place, lastPlace);
    const hours = Math.max(0, at.getTime() - lastPlace.at.getTime()) / 3_600_000;
    if (kilometres === undefined || kilometres < NEAR_KILOMETRES) return undefined;
    if (kilometres <= hours * KILOMETRES_PER_HOUR) return undefined;
    const far = `${String(Math.round(kilometres))} km from ${placeName(lastPlace)} in ${hours.toFixed(1)} h`;
    return signalFinding(policy, 'IMPOSSIBLE_TRAVEL', `${placeName(place)} is ${far}.`);
  },
};

/** Along the great circle (haversine formula). */
function distance(one: Place, other: Place): number | undefined {
  if (one.latitude === null || one.longitude === null) return undefined;
  if (other.latitude === null || other.longitude === null) return undefined;
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const north = Math.sin(radians(other.latitude - one.latitude) / 2) ** 2;
  const east = Math.sin(radians(other.longitude - one.longitude) / 2) ** 2;
  const chord = north + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(chord)));
}
