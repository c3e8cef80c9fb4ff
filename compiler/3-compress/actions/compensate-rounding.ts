import { cholesky } from '../../linalg/cholesky.ts';
import { identity, type Matrix } from '../../linalg/matrix.ts';
import { transposedMultiply } from '../../linalg/multiply.ts';
import { solveSpd } from '../../linalg/solve-spd.ts';
import { decodeForm, type IntegerForm, type PaletteForm, storeCodes } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Share of the mean diagonal added to the Hessian (papers.md 5.5). */
const damping = 0.01;

/**
 * The upper Cholesky factor U of H^-1, H = X'X / rows + damping, that rounding of weights over inputs X [rows, K] is
 * compensated with; undefined where there are fewer rows than inputs.
 */
export function inverseHessianFactor(rows: Matrix): Matrix | undefined {
  const { columns } = rows;
  if (rows.rows < columns) return undefined;
  const hessian = transposedMultiply(rows, rows);
  let trace = 0;
  for (let i = 0; i < columns; i++) trace += hessian.data[i * columns + i] ?? 0;
  if (!(trace > 0)) return undefined;
  const inverse = solveSpd(hessian, identity(columns), (damping * trace) / columns);
  const factor = cholesky(inverse.x);
  return factor.kind === 'factor' ? factor.lower : undefined;
}

/**
 * GPTQ (Frantar et al. 2023): the same scales or palette, codes chosen input by input, each rounding error spread over the
 * inputs still to come so that the output changes least. W [N, K] row-major, `lower` = U' of `inverseHessianFactor`:
 *
 *     err = (w_i - q_i) / U_ii,   w_j -= err U_ij  for j > i
 */
export function compensateRounding(original: Tensor, rounded: Tensor, lower: Matrix): Tensor {
  const { stored } = rounded;
  if (!stored || stored.kind === 'float16') return rounded;
  const inputs = lower.columns;
  const codes = stored.codes.slice();
  const row = new Float64Array(inputs);
  for (let start = 0; start < codes.length; start += inputs) {
    for (let k = 0; k < inputs; k++) row[k] = Number(original.data[start + k]);
    for (let i = 0; i < inputs; i++) {
      const value = row[i] ?? 0;
      const code = nearestCode(stored, start + i, value);
      codes[start + i] = code;
      const error = (value - decodedValue(stored, start + i, code)) / (lower.data[i * inputs + i] ?? 1);
      for (let j = i + 1; j < inputs; j++) row[j] = (row[j] ?? 0) - error * (lower.data[j * inputs + i] ?? 0);
    }
  }
  const form =
    stored.kind === 'integer'
      ? { ...stored, codes: Int8Array.from(codes) }
      : { ...stored, codes: Uint8Array.from(codes) };
  return decodeForm(form).every((v) => Number.isFinite(v)) ? storeCodes(original.shape, form) : rounded;
}

function nearestCode(form: IntegerForm | PaletteForm, at: number, value: number): number {
  if (form.kind === 'integer') {
    const limit = 2 ** (form.bits - 1) - 1;
    const scale = form.scales[at] ?? 0;
    return scale === 0 ? 0 : Math.max(-limit, Math.min(limit, Math.round(value / scale)));
  }
  let best = 0;
  for (let code = 1; code < form.entries.length; code++) {
    if (Math.abs((form.entries[code] ?? 0) - value) < Math.abs((form.entries[best] ?? 0) - value)) best = code;
  }
  return best;
}

const decodedValue = (form: IntegerForm | PaletteForm, at: number, code: number): number =>
  form.kind === 'integer' ? code * (form.scales[at] ?? 0) : (form.entries[code] ?? 0);
