import { maxActivationCode } from '../../kernel/quantization.ts';
import { type Matrix, makeMatrix } from '../../linalg/matrix.ts';
import { multiplyTransposed } from '../../linalg/multiply.ts';
import {
  codesOfRange,
  type InputCodes,
  type InputRange,
  quantizeLayer,
  roundWeights,
} from '../../rewrite/quantize-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { roundToEven } from '../../tensor/convert.ts';
import { elementCount } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A layer that quantises its input and multiplies integers. */
export interface IntegerLayer {
  readonly rule: Rule;
  /** expected squared error of the output: sum over features, at one position, with the mean kept where asked for */
  readonly error: number;
  /** what the mean of each output moves by */
  readonly shift: Float64Array;
  /** 8 for a weight, 64 for an output's scale and shift */
  readonly bits: number;
}

/** Shares of the range seen that are tried: a few large inputs may clip, so that all others are finer. */
const clips = [1, 0.75, 0.5];

/**
 * Static 7-bit inputs from the rows [count, K] that the layer reads, weights int8 by output. The range is the one of least
 * error, rounding of both operands and clipping included: ||X W' - Q(X) Q(W)'||^2 / rows (papers.md 5.5), around its mean
 * where a bias is going to take that up (`keepsMean`; Nagel et al. 2019).
 */
export function makeIntegerLayer(weights: Tensor, rows: Matrix, keepsMean = false): IntegerLayer {
  const outputs = elementCount(weights.shape) / rows.columns;
  const { codes, scales } = roundWeights(weights);
  const exact = makeMatrix(outputs, rows.columns, Float64Array.from(weights.data, Number));
  const rounded = makeMatrix(
    outputs,
    rows.columns,
    Float64Array.from(codes, (code, i) => code * (scales[Math.floor(i / rows.columns)] ?? 0)),
  );
  const wanted = multiplyTransposed(rows, exact).data;
  let min = 0;
  let max = 0;
  for (const value of rows.data) [min, max] = [Math.min(min, value), Math.max(max, value)];
  let best: { readonly input: InputRange; readonly error: number; readonly shift: Float64Array } | undefined;
  for (const clip of clips) {
    const input = { min: clip * min, max: clip * max };
    const found = multiplyTransposed(throughCodes(rows, codesOfRange(input)), rounded).data;
    const shift = new Float64Array(outputs);
    let error = 0;
    for (let i = 0; i < found.length; i++) {
      const moved = (found[i] ?? 0) - (wanted[i] ?? 0);
      error += moved * moved;
      shift[i % outputs] = (shift[i % outputs] ?? 0) + moved / rows.rows;
    }
    error = error / rows.rows - (keepsMean ? shift.reduce((sum, v) => sum + v * v, 0) : 0);
    if (best === undefined || error < best.error) best = { input, error: Math.max(0, error), shift };
  }
  const { input, error, shift } = best ?? { input: { min, max }, error: Number.NaN, shift: new Float64Array(outputs) };
  const bits = 8 * elementCount(weights.shape) + 64 * outputs;
  return { rule: quantizeLayer({ input, weights: { codes, scales } }), error, shift, bits };
}

/** What the codes of the rows stand for. */
function throughCodes(rows: Matrix, { scale, zero }: InputCodes): Matrix {
  const coded = rows.data.map((v) => {
    const code = Math.max(0, Math.min(maxActivationCode, roundToEven(v / scale) + zero));
    return (code - zero) * scale;
  });
  return makeMatrix(rows.rows, rows.columns, coded);
}
