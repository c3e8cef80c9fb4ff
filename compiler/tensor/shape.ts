/** One dimension: its size, and the name it had in the model file when it was symbolic there. */
export interface Dim {
  readonly size: number;
  readonly symbol?: string;
}

export type Shape = readonly Dim[];

export const dim = (size: number, symbol?: string): Dim => (symbol === undefined ? { size } : { size, symbol });

/** A shape of plain integers. */
export const shapeOf = (sizes: readonly number[]): Shape => sizes.map((size) => dim(size));

export const sizesOf = (shape: Shape): number[] => shape.map((d) => d.size);

/** Product of all sizes; 1 for a scalar. */
export const elementCount = (shape: Shape): number => shape.reduce((product, d) => product * d.size, 1);

/** Row-major strides in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= sizeAt(shape, i);
  }
  return strides;
}

/** Size of dimension i; negative i counts from the end. Throws a RangeError outside the rank. */
export function sizeAt(shape: Shape, i: number): number {
  const found = shape.at(i);
  if (found === undefined) throw new RangeError(`dimension ${i} of a shape of rank ${shape.length}`);
  return found.size;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d.size === b[i]?.size);

/** Multidirectional broadcasting (ONNX Broadcasting, numpy rules). Undefined when the shapes do not fit. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    let chosen: Dim = dim(1);
    for (const shape of shapes) {
      const d = shape[i - (rank - shape.length)];
      if (d === undefined || d.size === 1) continue;
      if (chosen.size !== 1 && chosen.size !== d.size) return undefined;
      chosen = d;
    }
    result.push(chosen);
  }
  return result;
}

/** `[1,3,224,224]`. */
export const printShape = (shape: Shape): string => `[${sizesOf(shape).join(',')}]`;
