import type { SettingsSlice } from './settings';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- TypeORM and TypeGraphQL take any constructor
export type Class = new (...args: any[]) => object;

/** What a feature brings: `features.ts` lists them; data source, schema, settings and CLI are built from that list. */
export interface Feature {
  readonly name: string;
  readonly settings?: readonly SettingsSlice[];
  readonly entities?: readonly Class[];
  readonly migrations?: readonly Class[];
  /** Resolver classes; their instances are built in `app.ts`. */
  readonly resolvers?: readonly Class[];
  /** Object types that only interfaces or unions lead to. */
  readonly orphanedTypes?: readonly Class[];
}
