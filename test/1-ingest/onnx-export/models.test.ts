import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../../../compiler/1-ingest/onnx/export.ts';
import { ingestOnnx } from '../../../compiler/1-ingest/onnx/ingest.ts';
import { ModelProtoSchema } from '../../../compiler/1-ingest/onnx/proto/generated/onnx_pb.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { GraphBuilder } from '../../../compiler/ir/build.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { printGraph } from '../../../compiler/ir/print.ts';
import { verifyGraph } from '../../../compiler/ir/verify.ts';
import { shapeOf } from '../../../compiler/tensor/shape.ts';
import { makeTensor, tensorType } from '../../../compiler/tensor/tensor.ts';
import { randomFeeds } from '../../4-lower/agreement.ts';
import { disagreements, numbers, type Outputs, tolerances } from '../../harness/agreement.ts';
import { evaluated, roundTripped } from '../../harness/exported-op.ts';
import { runInOnnxRuntime } from '../../harness/onnx-runtime.ts';
import { compare, referenceModel, referenceModelNames } from '../../harness/reference-models.ts';
import { smallNetwork } from '../../harness/small-network.ts';
import { storedModel, storings } from '../../harness/stored-model.ts';
import { f32, i32, noise, whole } from '../../ops/case.ts';

const digits = (): Graph => {
  const file = new URL('../../../samples/digits/model.onnx', import.meta.url);
  return ingestOnnx({ bytes: new Uint8Array(readFileSync(file)) }).graph;
};
const protoOf = (graph: Graph, metadata?: Readonly<Record<string, string>>) =>
  fromBinary(ModelProtoSchema, exportOnnx(graph, metadata === undefined ? {} : { metadata }));

async function runtimeOutputs(graph: Graph, feeds: ReturnType<typeof randomFeeds>): Promise<Outputs> {
  const [answer] = await runInOnnxRuntime([{ bytes: exportOnnx(graph), feeds }]);
  if (answer === undefined || 'error' in answer) throw new Error(answer?.error ?? 'no answer');
  return new Map([...answer.outputs].map(([name, { data }]) => [name, Array.from(data, Number)]));
}

/** Read again by lcc, and in onnxruntime-web, the graph computes the same within float32 rounding. */
async function expectSame(graph: Graph): Promise<void> {
  const feeds = randomFeeds(graph);
  const exact = numbers(evaluated(graph, feeds));
  const allowed = tolerances(graph, new Map(Object.entries(feeds)), exact);
  expect(disagreements(numbers(evaluated(roundTripped(graph), feeds)), exact, allowed)).toEqual([]);
  const outputs = await runtimeOutputs(graph, feeds);
  expect([...outputs.keys()].sort()).toEqual([...exact.keys()].sort());
  expect(disagreements(outputs, exact, allowed)).toEqual([]);
}

/** The printed graph with values numbered as they come. */
function printNumbered(graph: Graph): string {
  const ids = new Map<string, string>();
  return printGraph(graph).replace(/%\d+/g, (id) => {
    const number = ids.get(id) ?? `%${ids.size}`;
    ids.set(id, number);
    return number;
  });
}

const constantsOf = (graph: Graph): unknown[] => [...graph.constants.values()].map(({ dtype, data }) => [dtype, data]);

/** Signed integers shifted both ways, by counts of the width and more too. */
function shifts(): Graph {
  const builder = new GraphBuilder('shifts');
  const x = builder.input('x', tensorType('int32', shapeOf([3, 4])));
  const counts = builder.constant(i32([4], [0, 1, 31, 40]));
  for (const direction of ['left', 'right']) {
    builder.output(direction, builder.add('bitShift', [x, counts], { direction }));
    builder.output(`${direction} by one`, builder.add('bitShift', [x, builder.constant(i32([], [1]))], { direction }));
  }
  return verifyGraph(builder.build());
}

/** x through an image network of ops that ONNX lacks or that are quantised. */
function quantisedNetwork(): Graph {
  const builder = new GraphBuilder('quantised');
  const image = builder.input('image', tensorType('float32', shapeOf([1, 3, 8, 8])));
  const codes = (sizes: readonly number[], seed: number) => builder.constant(whole('float32', sizes, -127, 127, seed));
  const scaled = (id: number, by: number) => builder.add('mul', [id, builder.constant(f32([], [by]))]);
  const conv = builder.add('conv', [image, codes([8, 3, 3, 3], 2)], {
    pads: [1, 1, 1, 1],
    inputScale: 0.02,
    inputZero: 61,
  });
  const swish = builder.add('swish', [scaled(conv, 1e-4)], { alpha: 1.702 });
  const rows = builder.add('reshape', [swish], { shape: [1, 8, 64] });
  const normal = builder.add('rmsNorm', [rows, builder.constant(noise([64], 0.5, 1.5, 3))], { axis: 2 });
  const layer = builder.add('linear', [normal, codes([16, 64], 4), builder.constant(noise([16], -9, 9, 5))], {
    inputScale: 0.05,
    inputZero: 64,
  });
  const heads = scaled(layer, 1e-4);
  builder.output('y', builder.add('attention', [heads, heads, heads], { scale: 0.25 }));
  const products = builder.add('matmul', [heads, builder.add('transpose', [heads], { perm: [0, 2, 1] })], {
    inputScale: 0.04,
    inputZero: 60,
    rightScale: 0.03,
  });
  builder.output('products', products);
  return verifyGraph(builder.build());
}

describe('whole models', () => {
  it('the digit classifier is read again as it was, node by node and name by name', () => {
    const graph = digits();
    const again = roundTripped(graph);
    expect(printNumbered(again)).toBe(printNumbered(graph));
    expect(constantsOf(again)).toEqual(constantsOf(graph));
  });

  it.each([
    ['the digit classifier', digits],
    ['the digit classifier after the exact passes', () => optimise(digits()).graph],
    ['a small network', smallNetwork],
    ['constants stored in every way', () => storedModel(Object.values(storings))],
    ['quantised layers and attention', quantisedNetwork],
    ['shifts of signed integers', shifts],
  ])('%s computes the same in lcc and in onnxruntime-web', async (_, make) => {
    await expectSame(make());
  });

  it('stored constants are the floats that they stand for', () => {
    const graph = storedModel(Object.values(storings));
    const again = roundTripped(graph);
    const floats = new Map([...again.constants].map(([id, tensor]) => [again.values.get(id)!.name, tensor]));
    for (const [id, tensor] of graph.constants) {
      const written = floats.get(graph.values.get(id)!.name)!;
      expect(written.data).toEqual(tensor.data);
      expect(written.stored).toBeUndefined();
    }
  });
});

describe.each(referenceModelNames)('%s', (name) => {
  const model = referenceModel(name);

  it.skipIf(model === undefined)(
    'as read and after the exact passes gives its reference outputs in onnxruntime',
    async () => {
      if (model === undefined) return;
      const { graph } = ingestOnnx(model);
      for (const written of [graph, optimise(graph).graph]) {
        const bytes = exportOnnx(written);
        const answers = await runInOnnxRuntime(
          model.cases.map(({ inputs }) => ({
            bytes,
            feeds: Object.fromEntries(
              [...inputs].map(([input, { dims, data }]) => [input, makeTensor('float32', shapeOf(dims), data)]),
            ),
          })),
        );
        model.cases.forEach(({ outputs }, i) => {
          const answer = answers[i]!;
          if ('error' in answer) throw new Error(answer.error);
          expect([...answer.outputs.keys()]).toEqual([...outputs.keys()]);
          for (const [output, expected] of outputs) {
            const { worst, scale } = compare(Array.from(answer.outputs.get(output)!.data, Number), expected);
            expect(worst).toBeLessThanOrEqual(1e-5 * scale);
          }
        });
      }
    },
  );
});

describe('the file', () => {
  it('is the same for equal graphs', () => {
    expect(exportOnnx(smallNetwork())).toEqual(exportOnnx(smallNetwork()));
    const [ab, ba] = [
      { a: '1', b: '2' },
      { b: '2', a: '1' },
    ].map((metadata) => exportOnnx(smallNetwork(), { metadata }));
    expect(ab).toEqual(ba);
  });

  it('is of opset 21 and of standard operators only', () => {
    const { opsetImport, graph, functions } = protoOf(quantisedNetwork());
    expect(opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 21n]]);
    expect(new Set(graph!.node.map((node) => node.domain))).toEqual(new Set(['']));
    expect(functions).toEqual([]);
  });

  it('keeps metadata', () => {
    const metadata = { author: 'Ada', 'lcc.plan': '{"a":1}', '': 'no key' };
    const { metadataProps } = protoOf(smallNetwork(), metadata);
    expect(Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]))).toEqual(metadata);
    expect(protoOf(smallNetwork()).metadataProps).toEqual([]);
  });
});

describe('names', () => {
  const vector = tensorType('float32', shapeOf([2]));

  /** Outputs: an input, a constant, one value twice, and one whose name another value has. */
  function tangle(): Graph {
    const builder = new GraphBuilder('');
    const x = builder.input('x', vector);
    const constant = builder.constant(f32([2], [1, 2]), '');
    const sum = builder.add('add', [x, constant], {}, '');
    const taken = builder.add('relu', [sum]);
    const last = builder.add('swish', [taken], { alpha: 2 });
    builder.rename(sum, 'y');
    builder.rename(taken, 'x');
    builder.rename(last, '');
    for (const [name, value] of [
      ['same', x],
      ['x', x],
      ['constant', constant],
      ['first', last],
      ['second', last],
      ['y', taken],
    ] as const)
      builder.output(name, value);
    return verifyGraph(builder.build());
  }

  it('of inputs and outputs are kept, and all others made different', async () => {
    const { graph } = protoOf(tangle());
    expect(graph!.input.map(({ name }) => name)).toEqual(['x']);
    expect(graph!.output.map(({ name }) => name)).toEqual(['same', 'x', 'constant', 'first', 'second', 'y']);
    const made = [
      ...graph!.input.map(({ name }) => name),
      ...graph!.initializer.map(({ name }) => name),
      ...graph!.node.flatMap(({ output }) => output),
    ];
    expect(made).not.toContain('');
    expect(made.filter((name, i) => made.indexOf(name) !== i)).toEqual([]);
    const nodes = graph!.node.map(({ name }) => name);
    expect(new Set(nodes).size).toBe(nodes.length);
    await expectSame(tangle());
  });

  it('of values and nodes are those of the graph', () => {
    const { graph } = protoOf(smallNetwork());
    expect(graph!.node.map(({ name }) => name)).toEqual(['conv', 'relu', 'reshape', 'linear', 'relu_2', 'linear_2']);
    expect(graph!.node.map(({ output }) => output[0])).toEqual(expect.arrayContaining(['conv', 'hidden', 'logits']));
    expect(graph!.initializer.map(({ name }) => name)).toEqual(expect.arrayContaining(['conv.w', 'hidden.b', 'out.w']));
  });

  it('that clash are refused', () => {
    const builder = new GraphBuilder('clash');
    const x = builder.input('x', vector);
    builder.output('x', builder.add('relu', [x]));
    expect(() => exportOnnx(builder.build())).toThrow('internal: the output name "x" is empty or taken');
    const twice = new GraphBuilder('twice');
    twice.input('x', vector);
    twice.output('y', twice.input('x', vector));
    expect(() => exportOnnx(twice.build())).toThrow('internal: the input name "x" is empty or taken');
  });
});

describe('what ONNX cannot say', () => {
  it('LpPool of a fractional p is refused', () => {
    const builder = new GraphBuilder('pool');
    const x = builder.input('x', tensorType('float32', shapeOf([1, 1, 4])));
    builder.output('y', builder.add('lpPool', [x], { kernel: [2], p: 1.5 }));
    expect(() => exportOnnx(builder.build())).toThrow('internal: LpPool of ONNX takes whole numbers p, not 1.5');
  });

  it('sizes of a resize that round one scale are asked for by keep_aspect_ratio_policy, others are refused', async () => {
    const resized = (sizes: readonly number[], scales: readonly number[]): Graph => {
      const builder = new GraphBuilder('resize');
      const x = builder.input('x', tensorType('float32', shapeOf([1, 2, 4, 7])));
      builder.output('y', builder.add('resize', [x], { sizes, scales, mode: 'linear' }));
      return verifyGraph(builder.build());
    };
    const rounded = resized([1, 2, 6, 11], [1, 1, 1.5, 1.5]);
    expect(roundTripped(rounded).nodes[0]!.attributes).toMatchObject({
      sizes: [1, 2, 6, 11],
      scales: [1, 1, 1.5, 1.5],
    });
    await expectSame(rounded);
    expect(() => exportOnnx(resized([1, 2, 6, 12], [1, 1, 1.5, 1.5]))).toThrow('internal: sizes [1,2,6,12] and scales');
  });
});
