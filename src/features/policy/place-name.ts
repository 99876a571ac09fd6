import type { Place } from './facts';

/** As an administrator reads it, for example `Zurich, CH`. */
export const placeName = ({ city, country }: Pick<Place, 'city' | 'country'>): string =>
  city === null ? country : `${city}, ${country}`;
