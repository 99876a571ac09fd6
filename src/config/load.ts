import { readFileSync } from 'node:fs';
import type { Config, Setting, SettingsOf, SettingsSlice } from '../kernel';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the environment, in one error. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly faults: readonly string[]) {
    super(
      `The settings have ${String(faults.length)} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

/** Reads the slices from the environment. A secret may also come from the file named by `<name>_FILE`. */
export function loadConfig(slices: readonly SettingsSlice[], environment: Environment): Config {
  const faults: string[] = [];
  const isProduction = environment['NODE_ENV'] === 'production';
  const read = new Map<SettingsSlice, Record<string, unknown>>();
  for (const slice of slices) {
    const values: Record<string, unknown> = {};
    for (const [name, declared] of Object.entries(slice.settings)) {
      values[name] = readOne(declared, environment, isProduction, faults);
    }
    read.set(slice, Object.freeze(values));
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return {
    isProduction,
    of<D extends SettingsSlice>(slice: D): SettingsOf<D> {
      const values = read.get(slice);
      if (!values) throw new Error(`the settings "${slice.name}" are not in the list of features`);
      return values as SettingsOf<D>;
    },
  };
}

function readOne(
  declared: Setting<unknown>,
  environment: Environment,
  isProduction: boolean,
  faults: string[],
): unknown {
  const text = rawValue(declared, environment, faults);
  const parsed = declared.schema.safeParse(text);
  if (!parsed.success) {
    const why = parsed.error.issues.map((issue) => issue.message).join('; ');
    faults.push(`${declared.env}: ${why}. Example: ${declared.env}=${declared.example}`);
    return undefined;
  }
  const refused = isProduction ? declared.refuseInProduction?.(parsed.data, text !== undefined) : undefined;
  if (refused) faults.push(`${declared.env}: ${refused}. Example: ${declared.env}=${declared.example}`);
  return parsed.data;
}

function rawValue(
  declared: Setting<unknown>,
  environment: Environment,
  faults: string[],
): string | undefined {
  const direct = environment[declared.env];
  const file = declared.isSecret ? environment[`${declared.env}_FILE`] : undefined;
  if (direct !== undefined && direct !== '' && file) {
    faults.push(`${declared.env} and ${declared.env}_FILE are both set: keep one`);
    return undefined;
  }
  if (!file) return direct === '' ? undefined : direct;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    faults.push(
      `${declared.env}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
    return undefined;
  }
}
