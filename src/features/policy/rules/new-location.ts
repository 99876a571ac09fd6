import type { Rule } from '../facts';
import { signalFinding } from '../finding';
import { placeName } from '../place-name';

/** The user has signed in before, but never from here: the country, and the city where it is known. */
export const newLocation: Rule = {
  name: 'new-location',
  evaluate: (policy, { place, isPlaceKnown }) =>
    place && isPlaceKnown === false
      ? signalFinding(policy, 'NEW_LOCATION', `The user never signed in from ${placeName(place)} before.`)
      : undefined,
};
