import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import { evaluateGraph, evaluateNode } from '../../compiler/ir/evaluate.ts';
import { tensorOf } from '../../compiler/tensor/convert.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { tensorType } from '../../compiler/tensor/tensor.ts';

const f32 = (sizes: readonly number[], values: readonly number[]) => tensorOf('float32', sizes, values);

describe('evaluateNode', () => {
  it('keeps the types: int64 exact, float16 rounded once at the end', () => {
    const big = 2n ** 53n + 1n;
    const sum = evaluateNode('add', {}, [tensorOf('int64', [1], [big]), tensorOf('int64', [1], [1n])]);
    expect(sum[0]?.data).toEqual(BigInt64Array.of(big + 1n));
    const half = evaluateNode('mul', {}, [tensorOf('float16', [1], [0.1]), tensorOf('float16', [1], [3])]);
    expect(half[0]).toEqual(tensorOf('float16', [1], [0.0999755859375 * 3]));
  });

  it('computes an attention, whose scores need a buffer of their own', () => {
    const [q, k, v] = [f32([1, 2], [1, 2]), f32([3, 2], [1, 0, 0, 1, 1, 1]), f32([3, 1], [10, 20, 30])];
    const weights = [1, 2, 3].map((score) => Math.exp(score * 0.5));
    const total = weights.reduce((a, b) => a + b, 0);
    const expected = weights.reduce((sum, w, i) => sum + (w * (i + 1) * 10) / total, 0);
    const [y] = evaluateNode('attention', { scale: 0.5 }, [q, k, v]);
    expect(y?.data[0]).toBeCloseTo(expected, 5);
  });

  it('takes tensors without elements', () => {
    expect(evaluateNode('relu', {}, [f32([0, 3], [])])[0]?.data).toHaveLength(0);
    const sums = evaluateNode('reduce', { kind: 'sum', axes: [0], keepDims: false }, [f32([0, 3], [])]);
    expect(sums[0]?.data).toEqual(Float32Array.of(0, 0, 0));
  });
});

function scaledThird() {
  const b = new GraphBuilder('third');
  const x = b.input('x', tensorType('float32', shapeOf([2])));
  const third = b.constant(f32([1], [3]), 'three');
  const quotient = b.add('div', [x, third], {}, 'div');
  const back = b.add('mul', [quotient, third], {}, 'mul');
  b.output('y', back);
  b.output('again', back);
  b.output('x', x);
  return b.build();
}

describe('evaluateGraph', () => {
  const feeds = new Map([['x', f32([2], [1, 7.7])]]);

  it('keeps float64 between ops, or rounds after each', () => {
    const exact = evaluateGraph(scaledThird(), feeds, 'float64').get('y');
    const x = Math.fround(7.7);
    expect(exact?.data).toEqual(Float64Array.of(1, (x / 3) * 3));
    const rounded = evaluateGraph(scaledThird(), feeds, 'float32').get('y');
    expect(rounded?.data).toEqual(Float32Array.of(1, Math.fround(Math.fround(x / 3) * 3)));
    expect(rounded?.type.dtype).toBe('float32');
  });

  it('answers every public name, an input that is an output too', () => {
    const results = evaluateGraph(scaledThird(), feeds, 'float64');
    expect([...results.keys()]).toEqual(['y', 'again', 'x']);
    expect(Array.from(results.get('x')?.data ?? [], Number)).toEqual([1, Math.fround(7.7)]);
  });

  it('refuses missing feeds and feeds of another type', () => {
    expect(() => evaluateGraph(scaledThird(), new Map(), 'float64')).toThrow(
      new RangeError('input "x" needs float32[2], got nothing'),
    );
    expect(() => evaluateGraph(scaledThird(), new Map([['x', f32([1, 2], [1, 2])]]), 'float64')).toThrow(
      new RangeError('input "x" needs float32[2], got float32[1,2]'),
    );
  });

  it('tells apart attributes that JSON would not', () => {
    const b = new GraphBuilder('clips');
    const x = b.input('x', tensorType('float32', shapeOf([2])));
    b.output('low', b.add('clip', [x], { min: -Infinity, max: 0 }, 'low'));
    b.output('high', b.add('clip', [x], { min: 0, max: Infinity }, 'high'));
    const results = evaluateGraph(b.build(), new Map([['x', f32([2], [-1, 1])]]), 'float64');
    expect(Array.from(results.get('low')?.data ?? [], Number)).toEqual([-1, 0]);
    expect(Array.from(results.get('high')?.data ?? [], Number)).toEqual([0, 1]);
  });
});
