import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecipe, type Recipe } from '../2-train/recipe.ts';
import { importDefault, thrownBy } from '../data/user-module.ts';
import { configInvalid } from '../diagnostics/cli.ts';
import type { BuildConfig } from './config.ts';

/** Where a folder's configuration may be, the first that is there counts. */
export const configPlaces = (folder: string): readonly string[] =>
  ['lcc.config.ts', 'lcc.config.mjs', 'lcc.config.js'].map((name) => join(folder, name));

export const findConfig = (folder: string): string | undefined => configPlaces(folder).find((file) => existsSync(file));

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isNumber: Check = (value) => typeof value === 'number';
const isNumbers: Check = (value) => Array.isArray(value) && value.every(isNumber);
const isTensor: Check = (value) => typeof value === 'object' && value !== null && 'dtype' in value && 'data' in value;
const isOneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.some((word) => word === value);
const recordOf =
  (check: Check): Check =>
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(check);

const fields: Readonly<Record<keyof BuildConfig, readonly [form: string, check: Check]>> = {
  model: ['a path', isText],
  data: ['a path', isText],
  out: ['a path', isText],
  target: ['a target name', isText],
  backends: ['a list of webgpu and wasm', (v) => Array.isArray(v) && v.every((b) => b === 'webgpu' || b === 'wasm')],
  dims: ['sizes by name', recordOf(isNumber)],
  shapes: ['lists of sizes by input name', recordOf(isNumbers)],
  constants: ['numbers or tensors by input name', recordOf((value) => isNumbers(value) || isTensor(value))],
  calibration: ['a data source', (value) => isText(value) || Array.isArray(value)],
  evaluation: ['a data source', (value) => isText(value) || (typeof value === 'object' && value !== null)],
  metric: ['the name of a metric', isText],
  maxDrop: ['a number or a share', (value) => isText(value) || isNumber(value)],
  maxSize: ['a size', (value) => isText(value) || isNumber(value)],
  maxLatency: ['milliseconds', (value) => isText(value) || isNumber(value)],
  device: ['the name of a profile or a path', isText],
  maxMemory: ['a size', (value) => isText(value) || isNumber(value)],
  collapse: ['auto, off or all', isOneOf('auto', 'off', 'all')],
  rank: ['auto, off or a share of variance', (value) => isNumber(value) || isOneOf('auto', 'off')(value)],
  width: ['auto or off', isOneOf('auto', 'off')],
  blocks: ['auto or off', isOneOf('auto', 'off')],
  quantize: ['auto, off, fp16, int8 or int4', isOneOf('auto', 'off', 'fp16', 'int8', 'int4')],
  finetune: ['epochs and rate', recordOf(isNumber)],
  plan: ['a path or decisions', (value) => isText(value) || Array.isArray(value)],
  sweep: ['true or false', (value) => typeof value === 'boolean'],
  cache: ['a path', isText],
  threads: ['a number', isNumber],
  singleFile: ['true or false', (value) => typeof value === 'boolean'],
  budget: ['a budget', (value) => isText(value) || isNumber(value) || (typeof value === 'object' && value !== null)],
};

/** What a module tells to build: a configuration, or a recipe that is trained first. */
export type BuildModule =
  | { readonly kind: 'config'; readonly config: BuildConfig }
  | { readonly kind: 'recipe'; readonly recipe: Recipe };

/** The default export of a module, TypeScript or not. @throws LccError LCC0005 */
export async function readBuildModule(file: string): Promise<BuildModule> {
  const config = await importDefault(file).catch((error: unknown) => {
    throw thrownBy(error, (reason, remedy) => configInvalid(file, reason, remedy));
  });
  return isRecipe(config)
    ? { kind: 'recipe', recipe: config }
    : { kind: 'config', config: requireConfig(config, file) };
}

function requireConfig(config: unknown, file: string): BuildConfig {
  if (typeof config !== 'object' || config === null) throw configInvalid(file, 'it has no default export');
  const fault = faultOf(config);
  if (fault !== undefined) throw configInvalid(file, fault);
  if (!isConfig(config)) throw configInvalid(file, 'model is missing');
  return config;
}

/** What is wrong with the first setting that is not as it should be. */
export function faultOf(settings: object): string | undefined {
  for (const [name, value] of Object.entries(settings)) {
    const field = Object.entries(fields).find(([known]) => known === name)?.[1];
    if (field === undefined) return `there is no setting "${name}"`;
    if (value !== undefined && !field[1](value)) return `${name} is not ${field[0]}`;
  }
  return undefined;
}

/** Every present field is checked before; what is left is that the model is there. */
const isConfig = (config: object): config is BuildConfig => 'model' in config && isText(config.model);
