import { nestOfContraction } from '../../../compiler/kernel/contraction-nest.ts';
import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import { inWholeGroups } from '../../../compiler/kernel/whole-groups.ts';
import type { SlotPlace } from '../buffers.ts';
import { nestShader } from '../nest.ts';
import { maxWorkgroups, type Shader } from '../shader.ts';
import { channelwiseShader } from './channelwise.ts';
import { gemvShader, maxGemvRows } from './gemv.ts';
import { chooseTile, extentsOf, heightOf, operandBytesPerMac, widthOf } from './tile.ts';
import { tiledShader } from './tiled.ts';

/** Loops: one invocation per output or four of them. */
type Form = 'loops' | 'channelwise' | 'gemv' | 'tiled';

function formOf(kernel: ContractionKernel): Form {
  const { batch, m, n, k } = extentsOf(kernel);
  if (batch * m * n * k === 0 || batch > maxWorkgroups) return 'loops';
  if (kernel.form === 'channelwise') return 'channelwise';
  if (kernel.b.kind !== 'live' && kernel.b.kind !== 'live8' && m <= maxGemvRows && k >= 16 && n <= 8 * maxWorkgroups)
    return 'gemv';
  return n < 4 && k <= 64 ? 'loops' : 'tiled';
}

export function contractionShader(given: ContractionKernel, places: readonly SlotPlace[]): Shader {
  const form = formOf(given);
  const kernel = given.b.kind === 'packed8' ? inWholeGroups(given) : given;
  switch (form) {
    case 'loops':
      return nestShader(nestOfContraction(given), places);
    case 'channelwise':
      return channelwiseShader(kernel, places);
    case 'gemv':
      return gemvShader(kernel, places);
    case 'tiled':
      return tiledShader(kernel, places);
    default:
      return form satisfies never;
  }
}

/**
 * Bytes of A and B that a contraction's kernel loads from storage per multiply-add. Where nothing is shared through
 * workgroup memory, that is one element of each.
 */
export function storageBytesPerMac(kernel: ContractionKernel): number {
  const extents = extentsOf(kernel);
  const form = formOf(kernel);
  const bytesOfB = kernel.b.kind === 'packed8' ? 1 : 4;
  switch (form) {
    case 'loops':
    case 'channelwise':
      return 8;
    case 'gemv':
      return operandBytesPerMac(extents, { height: extents.m, width: 8 }, bytesOfB);
    case 'tiled': {
      const tile = chooseTile(extents);
      return operandBytesPerMac(extents, { height: heightOf(tile), width: widthOf(tile) }, bytesOfB);
    }
    default:
      return form satisfies never;
  }
}
