import type { Node } from '../ir/graph.ts';

/** The window of a convolution. */
export interface KernelWindow {
  readonly kernel: readonly number[];
  readonly pads: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

export function windowOf({ attributes }: Node, kernel: readonly number[]): KernelWindow {
  const list = (name: string, otherwise: number): readonly number[] => {
    const value = attributes[name];
    return Array.isArray(value) ? value : new Array<number>(kernel.length).fill(otherwise);
  };
  return { kernel, pads: list('pads', 0), strides: list('strides', 1), dilations: list('dilations', 1) };
}

/** The window of the identity. */
export const ownPosition = (rank: number): KernelWindow => {
  const ones = new Array<number>(rank).fill(1);
  return { kernel: ones, pads: ones.map(() => 0), strides: ones, dilations: ones };
};

/**
 * For each tap of a window, row-major, the tap of another that reads the same position: output o reads o s + t d - p.
 * Undefined where one has none.
 */
export function tapsWithin(window: KernelWindow, other: KernelWindow): readonly number[] | undefined {
  let found: readonly number[] = [0];
  for (const [d, size] of window.kernel.entries()) {
    const at = (list: readonly number[], otherwise: number): number => list[d] ?? otherwise;
    if (at(window.strides, 1) !== at(other.strides, 1)) return undefined;
    const limit = at(other.kernel, 1);
    const places = Array.from({ length: size }, (_, tap) => {
      const position = tap * at(window.dilations, 1) - at(window.pads, 0);
      return (position + at(other.pads, 0)) / at(other.dilations, 1);
    });
    if (!places.every((tap) => Number.isInteger(tap) && tap >= 0 && tap < limit)) return undefined;
    found = found.flatMap((outer) => places.map((tap) => outer * limit + tap));
  }
  return found;
}
