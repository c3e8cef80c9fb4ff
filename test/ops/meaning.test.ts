import { describe, expect, it } from 'vitest';
import type { Expr, LoadExpr } from '../../compiler/kernel/expr.ts';
import { isAffine } from '../../compiler/kernel/index-expr.ts';
import type { Meaning } from '../../compiler/kernel/meaning.ts';
import { childrenOf } from '../../compiler/kernel/traverse.ts';
import { type Attributes, type OpName, ops } from '../../compiler/ops/index.ts';
import { makeOperand } from '../../compiler/ops/op.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { tensorType } from '../../compiler/tensor/tensor.ts';

type Sizes = readonly number[];

function meaningOf(op: OpName, inputs: readonly Sizes[], attributes: Attributes = {}): Meaning {
  const operands = inputs.map((sizes, id) => makeOperand(id, tensorType('float32', shapeOf(sizes))));
  return ops[op].meaning(operands, attributes)[0]!;
}

function walk(e: Expr, visit: (e: Expr) => void, seen: Set<Expr> = new Set()): void {
  if (seen.has(e)) return;
  seen.add(e);
  visit(e);
  for (const child of childrenOf(e)) walk(child, visit, seen);
}

function loadsOf(e: Expr): LoadExpr[] {
  const found: LoadExpr[] = [];
  walk(e, (x) => x.kind === 'load' && found.push(x));
  return found;
}

const hasKind = (e: Expr, kind: Expr['kind']): boolean => {
  let found = false;
  walk(e, (x) => {
    found ||= x.kind === kind;
  });
  return found;
};

const isAllAffine = (e: Expr): boolean => loadsOf(e).every((l) => l.index.every(isAffine));

/** The two loads of a sum of products, which a bias may follow. */
function productOf(e: Expr): readonly [LoadExpr, LoadExpr] {
  const sum = e.kind === 'binary' && e.op === 'add' ? e.a : e;
  if (sum.kind !== 'reduce' || sum.op !== 'sum') throw new Error(`${sum.kind} is no sum`);
  const product = sum.body;
  if (product.kind !== 'binary' || product.op !== 'mul') throw new Error(`${product.kind} is no product`);
  if (product.a.kind !== 'load' || product.b.kind !== 'load') throw new Error('factors are not loads');
  return [product.a, product.b];
}

const image: Sizes = [1, 6, 5, 7];

describe('contractions are sums of products of two loads', () => {
  const rows: readonly (readonly [OpName, readonly Sizes[], Attributes])[] = [
    [
      'matmul',
      [
        [2, 3, 4],
        [4, 5],
      ],
      {},
    ],
    ['linear', [[3, 4], [5, 4], [5]], {}],
    ['conv', [image, [8, 6, 3, 3], [8]], { pads: [1, 1, 1, 1] }],
    ['conv', [image, [6, 1, 3, 3], [6]], { group: 6 }],
    ['conv', [image, [4, 3, 3, 3]], { group: 2 }],
    ['convTranspose', [image, [6, 4, 2, 2], [4]], { strides: [2, 2] }],
    ['convTranspose', [image, [6, 4, 3, 3]], { dilations: [2, 2], strides: [2, 2] }],
  ];
  for (const [op, inputs, attributes] of rows) {
    it(`${op} of ${inputs.map((s) => `[${s}]`).join(' and ')}`, () => {
      expect(productOf(meaningOf(op, inputs, attributes).value).map((l) => l.source)).toEqual([0, 1]);
    });
  }
});

describe('index arithmetic', () => {
  it('a depthwise convolution indexes x, w and output by one axis, without division', () => {
    const { axes, value } = meaningOf('conv', [image, [6, 1, 3, 3]], { group: 6, pads: [1, 1, 1, 1] });
    const [x, w] = productOf(value);
    expect(x.index[1]).toEqual({ offset: 0, terms: [{ factor: 1, atom: axes[1] }] });
    expect(w.index[0]).toEqual({ offset: 0, terms: [{ factor: 1, atom: axes[1] }] });
    expect(isAllAffine(value)).toBe(true);
    expect(value.kind === 'reduce' && value.axes.length).toBe(2);
  });

  it('padding guards the space only', () => {
    const [x, w] = productOf(meaningOf('conv', [image, [8, 6, 3, 3]], { pads: [1, 1, 1, 1] }).value);
    expect(x.guards.map((g) => g.extent)).toEqual([5, 7]);
    expect(w.guards).toEqual([]);
  });

  it('a convolution without padding has no guards', () => {
    const [x] = productOf(meaningOf('conv', [image, [8, 6, 3, 3]]).value);
    expect(x.guards).toEqual([]);
  });

  it('a reshape is affine where output dimensions share an input dimension, and divides where it is the other way', () => {
    expect(isAllAffine(meaningOf('reshape', [[24]], { shape: [2, 3, 4] }).value)).toBe(true);
    expect(isAllAffine(meaningOf('reshape', [[2, 12]], { shape: [2, 3, 4] }).value)).toBe(true);
    expect(isAllAffine(meaningOf('reshape', [[1, 24, 1]], { shape: [6, 4] }).value)).toBe(true);
    expect(isAllAffine(meaningOf('reshape', [[2, 3, 4]], { shape: [6, 4] }).value)).toBe(false);
  });

  it('nearest upscaling by a whole number divides, without a table', () => {
    for (const coordinates of ['half_pixel', 'asymmetric']) {
      const attributes = { sizes: [1, 6, 10, 21], scales: [1, 1, 2, 3], coordinates, nearestMode: 'floor' };
      const { value } = meaningOf(
        'resize',
        [image],
        coordinates === 'half_pixel' ? { ...attributes, nearestMode: 'round_prefer_floor' } : attributes,
      );
      expect(hasKind(value, 'table')).toBe(false);
      expect(
        loadsOf(value)[0]!
          .index.slice(1)
          .map((i) => i.terms[0]?.atom.kind),
      ).toEqual(['axis', 'div', 'div']);
    }
  });

  it('nearest shrinking by a whole number is a stride', () => {
    const attributes = { sizes: [1, 6, 5, 2], scales: [1, 1, 1, 2 / 7], coordinates: 'align_corners' };
    expect(isAllAffine(meaningOf('resize', [image], attributes).value)).toBe(true);
  });

  it('linear resizing leaves the dimensions it does not change alone', () => {
    const { value } = meaningOf('resize', [image], { sizes: [1, 6, 10, 14], scales: [1, 1, 2, 2], mode: 'linear' });
    for (const l of loadsOf(value)) expect(l.index.slice(0, 2).every(isAffine)).toBe(true);
    expect(loadsOf(value).length).toBe(4);
  });

  it('transposed convolution by its stride tries only the taps that meet', () => {
    const { value } = meaningOf('convTranspose', [image, [6, 4, 4, 4]], { strides: [2, 2] });
    expect(value.kind === 'reduce' && value.axes.map((a) => a.extent.size)).toEqual([6, 2, 2]);
    const [, w] = productOf(value);
    expect(w.guards).toEqual([]);
  });

  it('average pooling divides by a constant where all windows are full', () => {
    const full = meaningOf('averagePool', [image], { kernel: [2, 2] }).value;
    const cut = meaningOf('averagePool', [image], { kernel: [3, 3], pads: [1, 1, 1, 1] }).value;
    expect([hasKind(full, 'table'), hasKind(cut, 'table')]).toEqual([false, true]);
  });
});
