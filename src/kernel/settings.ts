import type { z } from 'zod';

/** One environment variable: its name, its meaning and what it may hold. */
export interface Setting<T> {
  readonly env: string;
  /** One sentence for the docs and `.env.example`. */
  readonly about: string;
  readonly example: string;
  readonly schema: z.ZodType<T>;
  /** Never printed; may also come from the file named by `<env>_FILE`. */
  readonly isSecret?: boolean;
  /** Says why a value may not be used in production, or nothing if it may. `given` is false for the default. */
  refuseInProduction?(value: T, given: boolean): string | undefined;
}

type Slice = Readonly<Record<string, Setting<unknown>>>;

/** The settings of one feature, declared beside the code that uses them. */
export interface SettingsSlice<S extends Slice = Slice> {
  readonly name: string;
  readonly settings: S;
}
export type SettingsOf<D> =
  D extends SettingsSlice<infer S>
    ? { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }
    : never;

export const setting = <T>(declaration: Setting<T>): Setting<T> => declaration;
export const defineSettings = <const S extends Slice>(name: string, settings: S): SettingsSlice<S> => ({
  name,
  settings,
});

/** All settings, read and checked. */
export interface Config {
  readonly isProduction: boolean;
  of<D extends SettingsSlice>(slice: D): SettingsOf<D>;
}
