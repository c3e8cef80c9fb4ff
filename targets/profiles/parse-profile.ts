import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { profileInvalid, profileUnknown } from '../../compiler/diagnostics/device.ts';
import type { DeviceProfile, WasmRates, WebGpuRates } from './profile.ts';
import { isProfileName, profiles } from './shipped.ts';

/** A profile that comes with lcc by its name, another by the path of its file. @param folder that a relative path starts from */
export const placeProfile = (nameOrPath: string, folder: string): string =>
  isProfileName(nameOrPath) ? nameOrPath : resolve(folder, nameOrPath);

/**
 * The profile of that name that comes with lcc, else the one in the file.
 * @param folder that a relative path starts from
 * @throws LccError LCC6201, LCC6202
 */
export async function readProfile(nameOrPath: string, folder: string = process.cwd()): Promise<DeviceProfile> {
  const file = placeProfile(nameOrPath, folder);
  if (isProfileName(file)) return profiles[file];
  const text = await readFile(file, 'utf8').catch(() => {
    throw profileUnknown(nameOrPath, Object.keys(profiles));
  });
  return parseProfile(text, file);
}

/** @param text JSON as lcc calibrate writes it @throws LccError LCC6202 that says what is wrong in it */
export function parseProfile(text: string, file: string): DeviceProfile {
  const read = readerOf(file);
  const whole = read.object(parseJson(text, file), 'it');
  const origin = read.object(whole.origin, 'origin');
  return {
    name: read.text(whole.name, 'name'),
    description: read.text(whole.description, 'description'),
    origin: parseOrigin(origin, read),
    wasm: read.rates(whole.wasm, 'wasm', wasmRates),
    ...(whole.webgpu === undefined ? {} : { webgpu: read.rates(whole.webgpu, 'webgpu', webGpuRates) }),
  };
}

const wasmRates = ['float', 'integer', 'bandwidth', 'compile'] as const satisfies readonly (keyof WasmRates)[];
const webGpuRates = [
  'float',
  'bandwidth',
  'dispatch',
  'roundTrip',
  'pipeline',
] as const satisfies readonly (keyof WebGpuRates)[];

function parseOrigin(origin: Fields, read: Reader): DeviceProfile['origin'] {
  if (origin.kind === 'estimated') return { kind: 'estimated', reason: read.text(origin.reason, 'origin.reason') };
  if (origin.kind !== 'measured') throw read.fault('origin.kind is neither "measured" nor "estimated"');
  return {
    kind: 'measured',
    browser: read.text(origin.browser, 'origin.browser'),
    cores: read.positive(origin.cores, 'origin.cores'),
    date: read.text(origin.date, 'origin.date'),
    kernels: read.positive(origin.kernels, 'origin.kernels'),
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw profileInvalid(file, error instanceof Error ? error.message : String(error));
  }
}

type Fields = Readonly<Record<string, unknown>>;

interface Reader {
  fault(what: string): Error;
  object(value: unknown, name: string): Fields;
  text(value: unknown, name: string): string;
  /** finite and above 0 */
  positive(value: unknown, name: string): number;
  rates<Name extends string>(value: unknown, name: string, rates: readonly Name[]): Record<Name, number>;
}

function readerOf(file: string): Reader {
  const fault = (what: string): Error => profileInvalid(file, what);
  const object = (value: unknown, name: string): Fields => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(`${name} is not an object`);
    return { ...value };
  };
  const positive = (value: unknown, name: string): number => {
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw fault(`${name} is not a number above 0`);
  };
  return {
    fault,
    object,
    positive,
    text: (value, name) => {
      if (typeof value === 'string' && value !== '') return value;
      throw fault(`${name} is not text`);
    },
    rates: <Name extends string>(value: unknown, name: string, rates: readonly Name[]) => {
      const fields = object(value, name);
      const entries = rates.map((rate) => [rate, positive(fields[rate], `${name}.${rate}`)]);
      return Object.fromEntries(entries) as Record<Name, number>;
    },
  };
}
