import type { TypedArray } from '../tensor/dtype.ts';
import { nestOfContraction } from './contraction-nest.ts';
import { printJavaScript } from './evaluate/javascript.ts';
import { intrinsics } from './evaluate/scalar-javascript.ts';
import type { Kernel, NestKernel } from './nest.ts';

/**
 * A buffer of the evaluator. Floats of every type live in Float64Array, or in Float32Array where stores are to round;
 * integers and bool in the array class of their type.
 */
export type EvaluationArray = TypedArray;

export type CompiledNest = (buffers: readonly EvaluationArray[]) => void;

/**
 * A kernel as a JavaScript function over one buffer per slot. Floats are computed in float64, composite primitives by
 * Math; integers exactly, wrapping at the width of their type.
 */
export function compileNest(nest: NestKernel): CompiledNest {
  const { source, tables } = printJavaScript(nest.body);
  const names = Object.keys(intrinsics);
  const buffers = nest.slots.map((_, slot) => `b${slot}`);
  const constants = tables.map((_, i) => `c${i}`);
  const text = [
    `const { ${names.join(', ')} } = intrinsics;`,
    `const [${constants.join(', ')}] = tables;`,
    `return ([${buffers.join(', ')}]) => {\n${source}\n};`,
  ].join('\n');
  return new Function('intrinsics', 'tables', text)(
    intrinsics,
    tables.map((values) => Float64Array.from(values)),
  );
}

/** Any kernel as a JavaScript function: a contraction runs as the loops it stands for. */
export const compileKernel = (kernel: Kernel): CompiledNest =>
  compileNest(kernel.kind === 'nest' ? kernel : nestOfContraction(kernel));
