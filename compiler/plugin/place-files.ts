import { besideModule } from '../5-emit/beside-module.ts';
import { bug } from '../diagnostics/index.ts';

/** A file of weights or wasm that a bundle's code reads. */
export interface PlacedFile {
  /** inside the bundle, such as `model.lcw` */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The bundle's index.js with other places for the files beside it. `place` gives an expression whose value is a URL, or the
 * bytes; it is evaluated when the module is, for scripts know their own place only then.
 */
export function placeFiles(files: ReadonlyMap<string, Uint8Array>, place: (file: PlacedFile) => string): string {
  let code = new TextDecoder().decode(files.get('index.js'));
  const declarations: string[] = [];
  for (const [path, bytes] of files) {
    const beside = besideModule(path);
    if (!/\.(lcw|wasm)$/.test(path)) continue;
    if (!code.includes(beside)) throw bug(`index.js does not read ${path}`);
    const name = `place${declarations.length}`;
    declarations.push(`const ${name} = ${place({ path, bytes })};\n`);
    code = code.replaceAll(beside, name);
  }
  return `${declarations.join('')}${code}`;
}

/** Bytes inside the module, for outputs that have no files beside them. */
export const printBytes = (bytes: Uint8Array): string =>
  `Uint8Array.from(atob('${Buffer.from(bytes).toString('base64')}'), (c) => c.charCodeAt(0))`;
