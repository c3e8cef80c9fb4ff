import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { onnxModel, tensorOf, type WrittenNode } from '../harness/onnx-model.ts';
import { makeRandom } from '../harness/random.ts';
import { runCli } from '../harness/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'lcc-collapse-'));
afterAll(() => rmSync(folder, { recursive: true }));

const width = 16;
const hidden = 48;

/** A block whose activation was trained to its linear end, as LayerCollapse leaves it, in the spellings of exporters. */
const activations: Readonly<Record<string, { nodes: readonly WrittenNode[] }>> = {
  'PRelu of slope 1': { nodes: [{ op: 'PRelu', inputs: ['n', 'ones'], outputs: ['a'] }] },
  'LeakyRelu of slope 1': {
    nodes: [{ op: 'LeakyRelu', inputs: ['n'], outputs: ['a'], attributes: { alpha: { float: 1 } } }],
  },
  'Relu(x) - slope Relu(-x)': {
    nodes: [
      { op: 'Relu', inputs: ['n'], outputs: ['above'] },
      { op: 'Neg', inputs: ['n'], outputs: ['turned'] },
      { op: 'Relu', inputs: ['turned'], outputs: ['below'] },
      { op: 'Mul', inputs: ['below', 'ones'], outputs: ['leak'] },
      { op: 'Sub', inputs: ['above', 'leak'], outputs: ['a'] },
    ],
  },
  'an interpolation with Gelu at its end': {
    nodes: [
      { op: 'Gelu', inputs: ['n'], outputs: ['g'] },
      { op: 'Mul', inputs: ['g', 'zero'], outputs: ['none'] },
      { op: 'Mul', inputs: ['n', 'one'], outputs: ['all'] },
      { op: 'Add', inputs: ['none', 'all'], outputs: ['a'] },
    ],
  },
};

/** x -> Gemm -> Relu -> s; s + Gemm(act(BatchNormalization(Gemm(s)))) -> Relu -> Gemm */
function blockModel(nodes: readonly WrittenNode[]): Uint8Array {
  const random = makeRandom(9);
  const weights = (...sizes: number[]) =>
    tensorOf('float32', sizes, [
      ...random.reals(
        sizes.reduce((a, b) => a * b),
        -0.5,
        0.5,
      ),
    ]);
  const fill = (size: number, value: number) => tensorOf('float32', [size], new Array<number>(size).fill(value));
  return onnxModel({
    inputs: [{ name: 'x', dtype: 'float32', shape: [1, width] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [1, 10] }],
    initializers: {
      stem: weights(width, width),
      w1: weights(width, hidden),
      b1: weights(hidden),
      scale: weights(hidden),
      shift: weights(hidden),
      mean: weights(hidden),
      variance: fill(hidden, 0.8),
      ones: fill(hidden, 1),
      one: tensorOf('float32', [], [1]),
      zero: tensorOf('float32', [], [0]),
      w2: weights(hidden, width),
      b2: weights(width),
      head: weights(width, 10),
    },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'stem'], outputs: ['xs'] },
      { op: 'Relu', inputs: ['xs'], outputs: ['s'] },
      { op: 'Gemm', inputs: ['s', 'w1', 'b1'], outputs: ['h'] },
      { op: 'BatchNormalization', inputs: ['h', 'scale', 'shift', 'mean', 'variance'], outputs: ['n'] },
      ...nodes,
      { op: 'Gemm', inputs: ['a', 'w2', 'b2'], outputs: ['f'] },
      { op: 'Add', inputs: ['s', 'f'], outputs: ['sum'] },
      { op: 'Relu', inputs: ['sum'], outputs: ['r'] },
      { op: 'MatMul', inputs: ['r', 'head'], outputs: ['y'] },
    ],
  });
}

test.each(Object.entries(activations))(
  'lcc build collapses a block exactly, without data: %s',
  async (name, { nodes }) => {
    const file = `${name.replaceAll(/\W/g, '')}.onnx`;
    writeFileSync(join(folder, file), blockModel(nodes));
    const { code, stderr } = await runCli(
      ['build', file, '--target', 'mobile-wasm', '--out', file.slice(0, -5)],
      folder,
    );
    expect(code, stderr).toBe(0);
    const report = JSON.parse(readFileSync(join(folder, file.slice(0, -5), 'lcc.json'), 'utf8'));
    // the whole block is one matrix beside the stem and the head
    expect(report.macs).toBe(width * width + width * width + width * 10);
    expect(report.compression).toBeUndefined();
    const measured = JSON.parse(readFileSync(join(folder, file.slice(0, -5), 'lcc.measured.json'), 'utf8'));
    expect(measured.proofs.map((proof: { engine: string }) => proof.engine)).toContain('onnxruntime-web');
  },
);

test('an activation that is not linear stays', async () => {
  writeFileSync(join(folder, 'relu.onnx'), blockModel([{ op: 'Relu', inputs: ['n'], outputs: ['a'] }]));
  const { code } = await runCli(['build', 'relu.onnx', '--target', 'mobile-wasm', '--out', 'relu'], folder);
  expect(code).toBe(0);
  const report = JSON.parse(readFileSync(join(folder, 'relu', 'lcc.json'), 'utf8'));
  expect(report.macs).toBe(width * width + 2 * width * hidden + width * 10);
});
