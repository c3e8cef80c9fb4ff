import type { TargetName } from '../../targets/index.ts';
import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';
import type { CompileOptions } from '../ir/bundle.ts';

/** The flags that say what is compiled, as text. */
export interface ModelFlags {
  readonly target?: string;
  readonly backends?: string;
  readonly dim?: readonly string[];
  readonly shape?: readonly string[];
  readonly const?: readonly string[];
}

export const defaultTarget: TargetName = 'mobile-webgpu';

/** The flags as options; what is not given is left out. @throws LccError LCC0002, LCC0003 */
export function parseModelFlags(flags: ModelFlags): Partial<CompileOptions> {
  return {
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.backends === undefined ? {} : { backends: parseBackends(flags.backends) }),
    ...bindings('dims', '--dim', 'name=size', flags.dim, (text) => parseList(text, isSize)?.[0]),
    ...bindings('shapes', '--shape', 'input=size,size,...', flags.shape, (text) => parseList(text, isSize)),
    ...bindings('constants', '--const', 'input=number,number,...', flags.const, (text) => parseList(text, isNumber)),
  };
}

const backendNames = ['webgpu', 'wasm'] as const;
type BackendName = (typeof backendNames)[number];

export const parseBackends = (list: string): BackendName[] =>
  [...new Set(list.split(','))].map((text) => {
    const backend = backendNames.find((name) => name === text.trim());
    if (backend === undefined) throw unknownChoice('backend', text.trim(), backendNames);
    return backend;
  });

const isSize = (text: string): boolean => /^\d+$/.test(text);
const isNumber = (text: string): boolean => text !== '' && !Number.isNaN(Number(text));

/** Comma-separated numbers; an empty text is an empty list, for shapes of scalars. */
function parseList(text: string, isPart: (part: string) => boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(',').map((part) => part.trim());
  return parts.every(isPart) ? parts.map(Number) : undefined;
}

function bindings<K extends string, V>(
  key: K,
  flag: string,
  form: string,
  given: readonly string[] | undefined,
  parse: (text: string) => V | undefined,
): Partial<Record<K, Record<string, V>>> {
  if (given === undefined) return {};
  const entries = given.map((text) => {
    // Tensor names may hold "=", values never do.
    const split = text.lastIndexOf('=');
    const value = split < 1 ? undefined : parse(text.slice(split + 1));
    if (value === undefined) throw flagInvalid(flag, text, form);
    return [text.slice(0, split), value] as const;
  });
  const record: Partial<Record<K, Record<string, V>>> = {};
  record[key] = Object.fromEntries(entries);
  return record;
}
