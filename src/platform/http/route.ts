/** A plain HTTP route that a feature brings: GET only, JSON out. */
export interface JsonRoute {
  readonly path: string;
  /** `Cache-Control: public, max-age`; 0 means `no-store`. */
  readonly maxAgeSeconds: number;
  answer(): Promise<object>;
}
