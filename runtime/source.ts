import { LccRuntimeError } from './error.ts';
import type { Source } from './options.ts';

export type Bytes = Uint8Array<ArrayBuffer>;

/**
 * The bytes of `source` when they are at hand or in Node's file system, else the answer to its fetch. Rejects with code
 * 'fetch', also when `source` is a function that throws: hosts without `import.meta.url`, and `importScripts`, tell a script
 * no place of its own.
 */
export async function openSource(source: Source | (() => Source), signal?: AbortSignal): Promise<Bytes | Response> {
  let name = "the bundle's files unless told where, load({ weights, wasm })";
  try {
    const found = typeof source === 'function' ? source() : source;
    if (found instanceof ArrayBuffer) return new Uint8Array(found);
    if (ArrayBuffer.isView(found))
      return new Uint8Array(found.buffer as ArrayBuffer, found.byteOffset, found.byteLength);
    name = String(found);
    const isFile = /^file:/.test(name);
    if (typeof process === 'object' && process.getBuiltinModule && (isFile || !/^\w\w+:/.test(name))) {
      const bytes = await process.getBuiltinModule('node:fs').promises.readFile(isFile ? new URL(name) : name);
      return bytes as Bytes;
    }
    const response = await fetch(name, signal ? { signal } : {});
    if (response.ok) return response;
    throw `status ${response.status}`;
  } catch (cause) {
    throw new LccRuntimeError('fetch', `cannot read ${name}: ${cause}`, cause);
  }
}

/**
 * All bytes of what `openSource` gave; `onProgress` hears how many of a response have come. Part by part: browsers hand
 * parts over while the rest is still on its way, and take longer for the whole at once.
 */
export async function readAll(opened: Bytes | Response, onProgress?: (loaded: number) => void): Promise<Bytes> {
  if (opened instanceof Uint8Array) return opened;
  if (!opened.body) return new Uint8Array(await opened.arrayBuffer());
  const reader = opened.body.getReader();
  const parts: Bytes[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    size += part.value.length;
    onProgress?.(size);
  }
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const bytes = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}
