import type binaryen from 'binaryen';
import { default as wasm } from 'binaryen';
import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import type { WasmFeatures } from '../../target.ts';
import { writeChannelwise } from './channelwise.ts';
import { chooseChannelwise } from './channelwise-tiling.ts';
import { Code } from './code.ts';
import { writeCodeContraction } from './code-contraction.ts';
import { codesBytes } from './codes-of-a.ts';
import { writtenBytes } from './codes-of-b.ts';
import { extentOf, pointsOf, simplify } from './contraction.ts';
import { floatProducts, writeDense } from './dense.ts';
import { chooseDots, wantsDots } from './dot.ts';
import { type RenderValue, splitEpilogue } from './epilogue.ts';
import { makeLanes } from './lanes.ts';
import { scratchBytesFor } from './operand-b.ts';
import { chooseDense, type TileLoops, wantsCopy } from './tiling.ts';

/** What `lcc inspect` says about a contraction. */
export interface ContractionFacts {
  /** such as "4x8" */
  readonly tile: string;
  readonly isVector: boolean;
}

/** Bytes that the kernel's function overwrites at its scratch address. */
export function contractionScratch(kernel: ContractionKernel, features: WasmFeatures): number {
  if (kernel.b.kind === 'packed8') return codesBytes(kernel.a.offset, features);
  if (kernel.b.kind === 'live8') return codesBytes(kernel.a.offset, features) + writtenBytes(simplify(kernel));
  if (kernel.form !== 'dense' || kernel.b.kind !== 'live') return 0;
  const simple = simplify(kernel);
  return wantsCopy(simple, features) && !wantsDots(simple, features) ? scratchBytesFor(simple) : 0;
}

/** Adds the function `name` to the module: one i32 byte address per slot, no result. `scratch` is a byte address. */
export function contractionFunction(
  module: binaryen.Module,
  name: string,
  kernel: ContractionKernel,
  features: WasmFeatures,
  render: RenderValue,
  scratch: number,
): ContractionFacts {
  const code = new Code(
    module,
    kernel.slots.map(() => wasm.i32),
  );
  const lanes = makeLanes(code, features);
  const simple = simplify(kernel);
  const isVector = lanes.width > 1;
  const isEmpty = pointsOf(simple.batch) * pointsOf(simple.m) * extentOf(simple.n) === 0;
  if (isEmpty) {
    code.finish(name);
    return { tile: 'empty', isVector };
  }
  const epilogue = splitEpilogue(simple);
  const mayRepeat = !epilogue.mayReadOutput;
  if (simple.form === 'channelwise') {
    const rows = chooseChannelwise(simple, features, mayRepeat);
    writeChannelwise(code, lanes, simple, rows, epilogue, render);
    code.finish(name);
    return { tile: `${rows.join('x') || 1}x${lanes.width}`, isVector };
  }
  if (simple.b.kind === 'packed8' || simple.b.kind === 'live8') {
    const tilings = writeCodeContraction(
      code,
      name,
      kernel.a.offset,
      simple,
      simple.b,
      features,
      epilogue,
      render,
      scratch,
    );
    return { tile: [...new Set(tilings.map(printTile))].join(' or '), isVector };
  }
  const { contraction, tiling } = wantsDots(simple, features)
    ? { contraction: simple, tiling: chooseDots(simple, features, mayRepeat) }
    : chooseDense(simple, features, mayRepeat);
  const moved = contraction === simple ? epilogue : splitEpilogue(contraction);
  writeDense(code, lanes, contraction, tiling, moved, render, floatProducts(code, lanes, contraction, tiling, scratch));
  code.finish(name);
  return { tile: printTile(tiling), isVector };
}

const printTile = ({ rows, columns }: TileLoops): string => `${rows.join('x') || 1}x${columns}`;
