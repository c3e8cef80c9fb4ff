import { describe, expect, test } from 'vitest';
import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import { flowsInto, flowsOutOf } from '../../compiler/rewrite/channel-flow.ts';

const node = (
  op: OpName,
  inputs: readonly (readonly number[])[],
  output: readonly number[],
  attributes: Attributes = {},
) => ({
  op,
  inputs,
  output,
  attributes,
});
/** `input 0 axis 1: 0 1 2` for each flow */
const print = (...args: Parameters<typeof flowsInto>): string[] | undefined =>
  flowsInto(...args)?.map(
    ({ input, axis, first, source }) => `input ${input} axis ${axis} from ${first}: ${source.join(' ')}`,
  );

describe('features flow', () => {
  const flows: readonly [string, Parameters<typeof flowsInto>, readonly string[]][] = [
    [
      'through broadcasts',
      [
        node(
          'add',
          [
            [2, 3, 4],
            [3, 1],
          ],
          [2, 3, 4],
        ),
        1,
      ],
      ['input 0 axis 1 from 0: 0 1 2', 'input 1 axis 0 from 0: 0 1 2'],
    ],
    [
      'from the part that is taken of them',
      [node('slice', [[1, 4]], [1, 2], { starts: [0, 1], sizes: [1, 2], steps: [1, 1] }), 1],
      ['input 0 axis 1 from 0: 1 2'],
    ],
    [
      'past what is the same for all',
      [
        node(
          'mul',
          [
            [1, 3, 4],
            [1, 1, 4],
          ],
          [1, 3, 4],
        ),
        1,
      ],
      ['input 0 axis 1 from 0: 0 1 2'],
    ],
    [
      "from a layer's rows",
      [node('linear', [[4, 5], [3, 5], [3]], [4, 3]), 1],
      ['input 1 axis 0 from 0: 0 1 2', 'input 2 axis 0 from 0: 0 1 2'],
    ],
    [
      'through two filters per channel',
      [
        node(
          'conv',
          [
            [1, 2, 5],
            [4, 1, 3],
          ],
          [1, 4, 3],
          { group: 2 },
        ),
        1,
      ],
      ['input 0 axis 1 from 0: 0 0 1 1', 'input 1 axis 0 from 0: 0 1 2 3'],
    ],
    ['through flattening', [node('reshape', [[1, 2, 3]], [1, 6]), 1], ['input 0 axis 1 from 0: 0 0 0 1 1 1']],
    ['through joined positions', [node('reshape', [[1, 2, 3, 3]], [1, 2, 9]), 1], ['input 0 axis 1 from 0: 0 1']],
    [
      'from parts of a concatenation',
      [
        node(
          'concat',
          [
            [1, 2],
            [1, 1],
          ],
          [1, 3],
          { axis: 1 },
        ),
        1,
      ],
      ['input 0 axis 1 from 0: 0 1', 'input 1 axis 1 from 2: 0'],
    ],
    [
      'beside a concatenation',
      [
        node(
          'concat',
          [
            [1, 2, 3],
            [1, 2, 1],
          ],
          [1, 2, 4],
          { axis: 2 },
        ),
        1,
      ],
      ['input 0 axis 1 from 0: 0 1', 'input 1 axis 1 from 0: 0 1'],
    ],
    [
      'around reductions',
      [node('reduce', [[1, 2, 3]], [1, 2], { kind: 'mean', axes: [2], keepDims: false }), 1],
      ['input 0 axis 1 from 0: 0 1'],
    ],
    [
      'along with transposes',
      [node('transpose', [[1, 2, 3]], [1, 3, 2], { perm: [0, 2, 1] }), 2],
      ['input 0 axis 1 from 0: 0 1'],
    ],
    [
      'through pads beside them',
      [node('pad', [[1, 2, 3]], [1, 2, 5], { pads: [0, 0, 1, 0, 0, 1] }), 1],
      ['input 0 axis 1 from 0: 0 1'],
    ],
  ];
  test.each(flows)('%s', (_, args, expected) => expect(print(...args)).toEqual(expected));

  const mixed: readonly [string, Parameters<typeof flowsInto>][] = [
    [
      'groups',
      [
        node(
          'conv',
          [
            [1, 4, 5],
            [4, 2, 3],
          ],
          [1, 4, 3],
          { group: 2 },
        ),
        1,
      ],
    ],
    [
      'another dimension of a layer',
      [
        node(
          'linear',
          [
            [4, 5],
            [3, 5],
          ],
          [4, 3],
        ),
        0,
      ],
    ],
    ['a reduction over them', [node('reduce', [[1, 2, 3]], [1, 1, 3], { kind: 'sum', axes: [1], keepDims: true }), 1]],
    ['pads along them', [node('pad', [[1, 2, 3]], [1, 4, 3], { pads: [0, 1, 0, 0, 1, 0] }), 1]],
    ['them reversed', [node('slice', [[1, 4]], [1, 4], { starts: [0, 3], sizes: [1, 4], steps: [1, -1] }), 1]],
    ['heads', [node('reshape', [[1, 5, 4]], [1, 5, 2, 2]), 2]],
    ['a softmax', [node('softmax', [[1, 4]], [1, 4], { axis: 1 }), 1]],
    ['resizing along them', [node('resize', [[1, 2, 3]], [1, 4, 3], { sizes: [1, 4, 3], scales: [1, 2, 1] }), 1]],
  ];
  test.each(mixed)('not through %s', (_, args) => expect(flowsInto(...args)).toBeUndefined());

  test('forwards to the dimension they end up in', () => {
    expect(flowsOutOf(node('transpose', [[1, 2, 3]], [3, 1, 2], { perm: [2, 0, 1] }), 0, 1)?.axis).toBe(2);
    // features behind positions that are joined with them
    expect(flowsOutOf(node('reshape', [[5, 4]], [20]), 0, 1)).toBeUndefined();
    expect(flowsOutOf(node('softmax', [[1, 4]], [1, 4], { axis: 1 }), 0, 1)).toBeUndefined();
  });
});
