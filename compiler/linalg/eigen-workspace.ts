import { eigenModule, type RotateStrip, type UpdateAndDot } from './wasm/eigen-kernels.ts';

/** Zeroed memory for one phase of one eigenproblem, until the next is opened. */
export interface EigenWorkspace {
  readonly data: Float64Array;
  readonly updateAndDot: UpdateAndDot;
  readonly rotateStrip: RotateStrip;
}

interface Opened {
  readonly memory: WebAssembly.Memory;
  readonly updateAndDot: UpdateAndDot;
  readonly rotateStrip: RotateStrip;
}

let opened: Opened | undefined;

/** Compiled at the first eigenproblem; its memory grows to the largest one and is used again. */
export function openEigenWorkspace(elements: number): EigenWorkspace {
  if (!opened) {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(eigenModule()), { env: { memory } });
    opened = {
      memory,
      updateAndDot: exports.updateAndDot as UpdateAndDot,
      rotateStrip: exports.rotateStrip as RotateStrip,
    };
  }
  const { memory, updateAndDot, rotateStrip } = opened;
  const missing = 8 * elements - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  return { data: new Float64Array(memory.buffer, 0, elements).fill(0), updateAndDot, rotateStrip };
}

/** Elements from row to row: whole cache lines, an odd number of them, so that a column does not fall into one set. */
export function rowStride(n: number): number {
  const lines = Math.ceil(n / 8);
  return 8 * (lines + (1 - (lines % 2)));
}
