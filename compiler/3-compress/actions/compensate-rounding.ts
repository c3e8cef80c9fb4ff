import { inverseFactor } from '../../linalg/inverse-factor.ts';
import { identity, type Matrix, sliceColumns, trace } from '../../linalg/matrix.ts';
import { gram } from '../../linalg/multiply.ts';
import { nearestEntry } from '../../tensor/palette.ts';
import { decodeForm, type IntegerForm, type PaletteForm, storeCodes } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Share of the mean diagonal added to the Hessian (papers.md 5.5). */
export const damping = 0.01;

/** Inputs whose rounding errors are spread over each other: [start, start + upper.columns) of a layer's inputs. */
export interface HessianBlock {
  readonly start: number;
  /** U, upper triangular, with H^-1 = U'U of the damped H = X'X */
  readonly upper: Matrix;
}

/** Inputs of a layer that are taken as one block, and of a block of a wider layer. */
const widest = { whole: 1024, block: 256 };

/**
 * What rounding of weights over inputs X [rows, K] is compensated with; undefined where a block has fewer rows than
 * inputs. Wide layers are taken in blocks of neighbouring inputs, which are those that go together most.
 */
export function inverseHessians(rows: Matrix): readonly HessianBlock[] | undefined {
  const count = rows.columns <= widest.whole ? 1 : Math.ceil(rows.columns / widest.block);
  const edges = Array.from({ length: count + 1 }, (_, i) => Math.round((i * rows.columns) / count));
  const blocks: HessianBlock[] = [];
  for (let i = 0; i < count; i++) {
    const [start = 0, end = 0] = edges.slice(i, i + 2);
    const upper = factorBlock(count === 1 ? rows : sliceColumns(rows, start, end));
    if (!upper) return undefined;
    blocks.push({ start, upper });
  }
  return blocks;
}

function factorBlock(rows: Matrix): Matrix | undefined {
  const { columns } = rows;
  if (rows.rows < columns) return undefined;
  const hessian = gram(rows);
  const total = trace(hessian);
  // Inputs that are always 0 need no care, and leave nothing to divide by.
  if (!(total > 0)) return identity(columns);
  return inverseFactor(hessian, (damping * total) / columns);
}

/**
 * GPTQ (Frantar et al. 2023): the same scales or palette, codes chosen input by input, each rounding error spread over the
 * inputs of its block still to come so that the output changes least. W [N, K] row-major, U the factor of the block:
 *
 *     err = (w_i - q_i) / U_ii,   w_j -= err U_ij  for j > i
 */
export function compensateRounding(original: Tensor, rounded: Tensor, blocks: readonly HessianBlock[]): Tensor {
  const { stored } = rounded;
  if (!stored || stored.kind === 'float16') return rounded;
  const inputs = blocks.reduce((sum, { upper }) => sum + upper.columns, 0);
  const codes = stored.codes.slice();
  for (const { start, upper } of blocks) {
    for (let first = start; first < codes.length; first += inputs) roundRow(original, stored, codes, first, upper);
  }
  const form =
    stored.kind === 'integer'
      ? { ...stored, codes: Int8Array.from(codes) }
      : { ...stored, codes: Uint8Array.from(codes) };
  return decodeForm(form).every((v) => Number.isFinite(v)) ? storeCodes(original.shape, form) : rounded;
}

/** Codes of the inputs of one block for one output, whose first weight is at `first`. */
function roundRow(
  original: Tensor,
  form: IntegerForm | PaletteForm,
  codes: Int8Array | Uint8Array,
  first: number,
  upper: Matrix,
): void {
  const width = upper.columns;
  const row = Float64Array.from({ length: width }, (_, k) => Number(original.data[first + k]));
  for (let i = 0; i < width; i++) {
    const value = row[i] ?? 0;
    const code = nearestCode(form, first + i, value);
    codes[first + i] = code;
    const error = (value - decodedValue(form, first + i, code)) / (upper.data[i * width + i] ?? 1);
    for (let j = i + 1; j < width; j++) row[j] = (row[j] ?? 0) - error * (upper.data[i * width + j] ?? 0);
  }
}

function nearestCode(form: IntegerForm | PaletteForm, at: number, value: number): number {
  if (form.kind === 'integer') {
    const limit = 2 ** (form.bits - 1) - 1;
    const scale = form.scales[at] ?? 0;
    return scale === 0 ? 0 : Math.max(-limit, Math.min(limit, Math.round(value / scale)));
  }
  return nearestEntry(form.entries, value);
}

const decodedValue = (form: IntegerForm | PaletteForm, at: number, code: number): number =>
  form.kind === 'integer' ? code * (form.scales[at] ?? 0) : (form.entries[code] ?? 0);
