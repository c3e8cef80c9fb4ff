import binaryen from 'binaryen';
import type { Location, Program, Step } from '../../compiler/ir/program.ts';
import { structuralKey } from '../../compiler/kernel/key.ts';
import type { Kernel } from '../../compiler/kernel/nest.ts';
import type { WasmFeatures } from '../target.ts';
import { functionSizes } from './binary.ts';
import { Functions } from './functions.ts';
import { addHash } from './hash.ts';
import { Code, type Ref } from './kernels/code.ts';
import type { RenderValue } from './kernels/epilogue.ts';
import { contractionFunction, contractionScratch } from './kernels/index.ts';
import { addNest } from './nest.ts';
import { renderExpr } from './render-expr.ts';

/** What `lcc inspect` says about one kernel of a module. */
export interface KernelFacts {
  readonly name: string;
  readonly kind: Kernel['kind'];
  readonly isVector: boolean;
  /** register tile of a contraction, such as "4x8" */
  readonly tile: string | undefined;
  /** bytes of its function's body; 0 for a kernel that shares another's function */
  readonly bytes: number;
}

export interface WasmCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** one per kernel of the program, in order */
  readonly kernels: readonly KernelFacts[];
}

const alignment = 64;
const pageBytes = 65536;

/** Byte address of the arena in a module's memory: behind the constants. */
export const arenaAddress = (program: Program): number => Math.ceil(program.constants.size / alignment) * alignment;

/** Byte address of what one kernel needs only while it runs: behind the arena. */
const scratchAddress = (program: Program): number =>
  Math.ceil((arenaAddress(program) + program.arenaBytes) / alignment) * alignment;

/** Pages of a module's memory: constants, arena, and the most scratch that a kernel needs. */
function memoryPages(program: Program, features: WasmFeatures): number {
  const scratch = program.kernels.map((k) => (k.kind === 'contraction' ? contractionScratch(k, features) : 0));
  return Math.ceil((scratchAddress(program) + Math.max(0, ...scratch)) / pageBytes);
}

const featureSets: Readonly<Record<WasmFeatures, readonly binaryen.Features[]>> = {
  scalar: [],
  simd: [binaryen.Features.SIMD128, binaryen.Features.NontrappingFPToInt, binaryen.Features.SignExt],
  relaxed: [
    binaryen.Features.SIMD128,
    binaryen.Features.NontrappingFPToInt,
    binaryen.Features.SignExt,
    binaryen.Features.RelaxedSIMD,
  ],
};

/**
 * A program as one module. It exports `memory` (private, exact, never growing; constants at 0, then the arena) and
 * `run`, which does every step in order. The runtime copies the constants in and checks them by `hash` and `hashHigh`.
 */
export function emitWasm(program: Program, features: WasmFeatures): WasmCode {
  const module = new binaryen.Module();
  try {
    module.setFeatures(featureSets[features].reduce((all, one) => all | one, binaryen.Features.MVP));
    const pages = memoryPages(program, features);
    module.setMemory(pages, pages, 'memory');
    const kernels = addKernels(new Functions(module, features), program.kernels, scratchAddress(program));
    addRun(module, program, kernels);
    addHash(module);
    return optimise(module, program, kernels);
  } finally {
    module.dispose();
  }
}

interface AddedKernel {
  readonly name: string;
  readonly isShared: boolean;
  readonly isVector: boolean;
  readonly tile: string | undefined;
}

function addKernels(functions: Functions, kernels: readonly Kernel[], scratch: number): AddedKernel[] {
  const known = new Map<string, AddedKernel>();
  return kernels.map((kernel, i) => {
    const key = structuralKey(kernel);
    const same = known.get(key);
    if (same) return { ...same, isShared: true };
    const added = { name: `kernel${i}`, isShared: false, ...addKernel(functions, kernel, `kernel${i}`, scratch) };
    known.set(key, added);
    return added;
  });
}

function addKernel(
  functions: Functions,
  kernel: Kernel,
  name: string,
  scratch: number,
): Pick<AddedKernel, 'isVector' | 'tile'> {
  if (kernel.kind === 'nest') return { ...addNest(functions, kernel, name), tile: undefined };
  return contractionFunction(
    functions.module,
    name,
    kernel,
    functions.features,
    renderEpilogue(functions, kernel.slots.length),
    scratch,
  );
}

const renderEpilogue =
  (functions: Functions, slots: number): RenderValue =>
  (value, { code, lanes, locals, positions, vectorAxis, count }) => {
    const isVector = lanes.width > 1;
    return renderExpr(value, {
      code,
      functions,
      slots: Array.from({ length: slots }, (_, i) => code.param(i)),
      axes: new Map([...positions].map(([axis, { local, offset }]) => [axis, { local, plus: offset }])),
      ...(isVector && {
        lanes: { axis: vectorAxis, count: count === 1 || count === 2 || count === 3 ? count : 4, isAligned: false },
      }),
      locals: new Map([...locals].map(([local, at]) => [local, { local: at, isVector }])),
      isVector,
    });
  };

function addRun(module: binaryen.Module, program: Program, kernels: readonly AddedKernel[]): void {
  const code = new Code(module, []);
  const arena = arenaAddress(program);
  const address = ({ space, offset }: Location): Ref => code.i32(space === 'arena' ? arena + offset : offset);
  const write = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === 'call') {
        const kernel = kernels[step.kernel];
        if (!kernel) throw new RangeError(`internal: step calls kernel ${step.kernel} of ${kernels.length}`);
        code.emit(module.call(kernel.name, step.arguments.map(address), binaryen.none));
      } else if (step.count > 0) {
        const left = code.keep(binaryen.i32, code.i32(step.count));
        code.repeat(
          () => write(step.steps),
          () => module.local.tee(left.index, code.plus(code.get(left), -1), binaryen.i32),
        );
      }
    }
  };
  write(program.steps);
  code.finish('run');
  module.addFunctionExport('run', 'run');
}

/** Passes that make code smaller without undoing what the kernels chose: no inlining, no re-associating. */
export const modulePasses: readonly string[] = [
  'simplify-locals',
  'precompute',
  'vacuum',
  'coalesce-locals',
  'simplify-locals-nostructure',
  'reorder-locals',
  'merge-blocks',
  'remove-unused-names',
  'remove-unused-brs',
  'vacuum',
];

/** A kernel's own function, or one that it alone calls. */
const isPartOf = (functionName: string, kernel: string): boolean =>
  functionName === kernel || functionName.startsWith(`${kernel}.`);

function optimise(module: binaryen.Module, program: Program, kernels: readonly AddedKernel[]): WasmCode {
  if (!module.validate()) throw new Error(`internal: the wasm module of ${program.name} is not valid`);
  module.runPasses(modulePasses);
  const names = Array.from(
    { length: module.getNumFunctions() },
    (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)).name,
  );
  const bytes = Uint8Array.from(module.emitBinary());
  const sizes = functionSizes(bytes);
  const sizeOf = ({ name, isShared }: AddedKernel): number =>
    names.reduce((sum, own, i) => (isPartOf(own, name) && !isShared ? sum + (sizes[i] ?? 0) : sum), 0);
  return {
    bytes,
    kernels: program.kernels.map((kernel, i) => {
      const added = kernels[i];
      if (!added) throw new RangeError('internal: a kernel was not added');
      return { name: kernel.name, kind: kernel.kind, isVector: added.isVector, tile: added.tile, bytes: sizeOf(added) };
    }),
  };
}
