import { beforeAll, describe, expect, it } from 'vitest';
import { callsOfDispatches } from '../../../compiler/6-budget/kernel-times/calls-of-dispatches.ts';
import type { Manifest } from '../../../compiler/ir/report.ts';
import { buildSmall, manifestOf } from '../../harness/report-manifest.ts';

describe('calls of dispatches', () => {
  let small: Manifest;
  beforeAll(async () => {
    small = await manifestOf(await buildSmall());
  });

  /** Calls of kernels with so many bytes of code; wasm kernels stand before them in the manifest. */
  const manifestWith = (codeBytes: readonly number[], kernels: readonly number[]): Manifest => {
    const [some] = small.kernels;
    const [call] = small.calls;
    return {
      ...small,
      kernels: [
        ...small.kernels.filter(({ backend }) => backend === 'wasm'),
        ...codeBytes.map((bytes) => ({ ...some!, backend: 'webgpu' as const, codeBytes: bytes })),
      ],
      calls: kernels.map((kernel) => ({ ...call!, kernel })),
    };
  };

  it('stand in order, what is empty left out, equal dispatches apart', () => {
    expect(callsOfDispatches(manifestWith([9, 0, 9], [0, 1, 2, 0]), ['a', 'b', 'a'])).toEqual([0, 2, 3]);
  });

  it('take all rounds of a loop', () => {
    const dispatches = ['a', 'b', 'c', 'c', 'b', 'c', 'c'];
    expect(callsOfDispatches(manifestWith([9, 0, 9, 9], [1, 0, 2, 3]), dispatches)).toEqual([1, 2, 3, 3, 2, 3, 3]);
  });

  it('are never guessed', () => {
    const manifest = manifestWith([9, 9], [0, 1, 0]);
    expect(() => callsOfDispatches(manifest, ['a', 'b', 'a', 'b'])).toThrow(
      "the bundle's run makes 4 dispatches, 2 of them different, the manifest lists 3 calls with code",
    );
  });
});
