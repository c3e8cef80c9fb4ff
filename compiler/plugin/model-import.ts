import { sep } from 'node:path';

/** An import of a model: `./digits.onnx`, `./digits.onnx?target=mobile-wasm`, `./model.json?lcc`. */
export interface ModelImport {
  /** absolute path of the model */
  readonly file: string;
  /** after the question mark, without it */
  readonly query: string;
}

export interface Specifier {
  readonly path: string;
  readonly query: string;
}

/** Queries by which bundlers are asked for the file itself. */
const bundlerWords = new Set(['url', 'raw', 'inline', 'no-inline', 'init', 'worker', 'sharedworker']);

/** What an import says where it is a model that lcc compiles: an ONNX file, or JSON with `lcc` in its query. */
export function parseSpecifier(specifier: string): Specifier | undefined {
  const [, path = '', query = ''] = /^([^?]*)(?:\?(.*))?$/s.exec(specifier) ?? [];
  const keys = splitQuery(query).map(([key]) => key);
  if (path.includes('\0') || keys.some((key) => bundlerWords.has(key))) return undefined;
  const isModel = path.endsWith('.onnx') || (path.endsWith('.json') && keys.includes('lcc'));
  return isModel ? { path, query } : undefined;
}

/** `a=1&b` as pairs in their order; a key without a value has ''. */
export const splitQuery = (query: string): (readonly [key: string, value: string])[] =>
  query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
      return [key, decode(value)];
    });

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % is itself
  }
}

const mark = '\0lcc:';

/** Vite's dev server decodes an id that it has not encoded: % is not to be in it. */
const hide = (text: string): string => text.replaceAll(/[~%]/g, (sign) => (sign === '%' ? '~25' : '~7e'));
const show = (text: string): string => text.replaceAll(/~(25|7e)/g, (_, code) => (code === '25' ? '%' : '~'));

/** The module's id: it ends as JavaScript's do, so that no plugin for JSON or for assets takes it. */
export const idOf = ({ file, query }: ModelImport): string =>
  `${mark}${hide(file.split(sep).join('/'))}.js${query === '' ? '' : `?${hide(query)}`}`;

/** The import that has this id; undefined for all other modules. */
export function parseId(id: string): ModelImport | undefined {
  if (!id.startsWith(mark)) return undefined;
  const [, file = '', query = ''] = /^([^?]*)\.js(?:\?(.*))?$/s.exec(id.slice(mark.length)) ?? [];
  return { file: show(file), query: show(query) };
}
