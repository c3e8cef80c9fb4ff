import { nestOfContraction } from '../../../compiler/kernel/contraction-nest.ts';
import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import type { SlotPlace } from '../buffers.ts';
import { nestShader } from '../nest.ts';
import { maxWorkgroups, type Shader } from '../shader.ts';
import { gemvShader, maxGemvRows } from './gemv.ts';
import { chooseTile, extentsOf, operandBytesPerMac } from './tile.ts';
import { tiledShader } from './tiled.ts';

/** Loops: one invocation per output, or per four channels of a channelwise contraction. */
type Form = 'loops' | 'gemv' | 'tiled';

function formOf(kernel: ContractionKernel): Form {
  const { batch, m, n, k } = extentsOf(kernel);
  if (batch * m * n * k === 0 || kernel.form === 'channelwise' || batch > maxWorkgroups) return 'loops';
  if (kernel.b.kind === 'packed' && m <= maxGemvRows && k >= 16 && n <= 8 * maxWorkgroups) return 'gemv';
  return n < 4 && k <= 64 ? 'loops' : 'tiled';
}

export function contractionShader(kernel: ContractionKernel, places: readonly SlotPlace[]): Shader {
  const form = formOf(kernel);
  switch (form) {
    case 'loops':
      return nestShader(nestOfContraction(kernel), places);
    case 'gemv':
      return gemvShader(kernel, places);
    case 'tiled':
      return tiledShader(kernel, places);
    default:
      return form satisfies never;
  }
}

/** Bytes of A and B that a dense contraction's kernel loads from storage per multiply-add. */
export function storageBytesPerMac(kernel: ContractionKernel): number {
  const extents = extentsOf(kernel);
  switch (formOf(kernel)) {
    case 'loops':
      return 8;
    case 'gemv':
      return operandBytesPerMac(extents, {
        rows: extents.m,
        columns: 2,
        rowsEach: 1,
        vectorsEach: 1,
        depth: 64,
        slices: 1,
      });
    case 'tiled':
      return operandBytesPerMac(extents, chooseTile(extents));
  }
}
