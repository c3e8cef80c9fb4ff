import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { lower } from '../../compiler/4-lower/lower.ts';
import { mapDecoders } from '../../compiler/5-emit/decoders.ts';
import { emitBundle } from '../../compiler/5-emit/emit-bundle.ts';
import { generateAllModules, generateCode } from '../../compiler/5-emit/generate-code.ts';
import { Form, Model } from '../../compiler/5-emit/generated/model_generated.ts';
import { loadModel } from '../../compiler/5-emit/load-model.ts';
import { proveParity } from '../../compiler/5-emit/parity/prove-parity.ts';
import { reportConstants } from '../../compiler/5-emit/report-constants.ts';
import { emitWeights } from '../../compiler/5-emit/weights.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { ConstantPool } from '../../compiler/ir/program.ts';
import { shapeOf } from '../../compiler/tensor/shape.ts';
import { hashBytes } from '../../runtime/hash.ts';
import { parseWeights } from '../../runtime/weights.ts';
import { targets } from '../../targets/index.ts';
import { Expectation, randomFeeds } from '../4-lower/agreement.ts';
import { emitTiny, emptyGraph, reportOf, withFolder } from '../harness/bundle-folder.ts';
import { makeRandom } from '../harness/random.ts';
import { runCli } from '../harness/run-cli.ts';
import { randomTensor, storedModel, storings } from '../harness/stored-model.ts';

const all = Object.values(storings);

/** A linear layer for each way to store. */
function linearLayers(stores = all): Graph {
  const random = makeRandom(2);
  const builder = new GraphBuilder('layers');
  const x = builder.input('x', { dtype: 'float32', shape: shapeOf([1, 13]) });
  for (const [i, store] of stores.entries()) {
    const w = builder.constant(store(randomTensor(random, [10, 13])), `w${i}`);
    const bias = builder.constant(randomTensor(random, [10]));
    builder.output(`y${i}`, builder.add('linear', [x, w, bias]));
  }
  return builder.build();
}

const poolOf = (graph: Graph): ConstantPool => lower(graph).constants;
const codeOf = (graph: Graph) => generateAllModules(generateCode(lower(graph), targets['mobile-wasm']).code);

/** What the runtime makes of a file, in memory that held something else. */
function readImage(pool: ConstantPool, bytes: Uint8Array, hash = emitWeights('layers', pool).hash): Uint8Array {
  const image = new Uint8Array(pool.size).fill(0xa5);
  parseWeights(bytes, hash, mapDecoders(pool))(image);
  return image;
}

describe('stored weights in model.lcw', () => {
  it.each(Object.entries(storings))('decode to the image that lowering made: %s', (_, store) => {
    const pool = poolOf(storedModel([store]));
    const { bytes, hash } = emitWeights('stored', pool);
    const image = readImage(pool, bytes, hash);
    for (const { name, offset, bytes: wanted } of pool.entries) {
      expect(image.subarray(offset, offset + wanted.length), name).toEqual(wanted);
    }
  });

  it('are segments with their own hashes, and the table names their forms', () => {
    const pool = poolOf(linearLayers());
    const { bytes } = emitWeights('layers', pool);
    const model = Model.getRootAsModel(new ByteBuffer(bytes));
    const forms = { float16: Form.Float16, integer: Form.Integer, palette: Form.Palette, copy: Form.Copy };
    const wanted = pool.entries.map(({ stored }) => (stored ? forms[stored.kind] : Form.Raw));
    expect([...model.formsArray()!]).toEqual(wanted);
    expect(new Set(wanted).size).toBe(4);
    for (const [i, { stored, offset, bytes: image }] of pool.entries.entries()) {
      const segment = model.segments(i)!;
      const found = bytes.subarray(segment.offset(), segment.offset() + segment.bytes());
      expect(found).toEqual(stored?.bytes ?? image);
      expect(segment.offset() % 64).toBe(0);
      expect(segment.address()).toBe(offset);
      expect([segment.hashLow(), segment.hashHigh()]).toEqual(hashBytes(found));
    }
  });

  it('have no table of forms where there are none', () => {
    const { bytes } = emitWeights('layers', poolOf(linearLayers([(w) => w])));
    expect(Model.getRootAsModel(new ByteBuffer(bytes)).formsLength()).toBe(0);
  });

  it('are read from an unaligned view too', () => {
    const pool = poolOf(linearLayers());
    const { bytes } = emitWeights('layers', pool);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readImage(pool, shifted.subarray(3))).toEqual(readImage(pool, bytes));
  });

  it('are refused when any byte that carries something differs', () => {
    const pool = poolOf(linearLayers());
    const { bytes } = emitWeights('layers', pool);
    const model = Model.getRootAsModel(new ByteBuffer(bytes));
    const spans: [number, number][] = pool.entries.map((_, i) => {
      const segment = model.segments(i)!;
      return [segment.offset(), segment.offset() + segment.bytes()];
    });
    spans.push([0, model.dataOffset()]);
    for (const [start, end] of spans) {
      for (let at = start; at < end; at++) {
        const damaged = bytes.slice();
        damaged[at]! ^= 0x10;
        expect(() => readImage(pool, damaged), `byte ${at}`).toThrowError('the weights file is damaged');
      }
    }
  });

  it('are the same bytes every time', () => {
    expect(emitWeights('a', poolOf(storedModel(all)))).toEqual(emitWeights('a', poolOf(storedModel(all))));
  });
});

describe('a model with stored weights', () => {
  it.each(Object.entries(storings))('computes what its graph means, on wasm from its file: %s', async (_, store) => {
    const graph = storedModel([store]);
    const feeds = randomFeeds(graph);
    const model = await loadModel(codeOf(graph), { backend: 'wasm' });
    const results = await model.run(Object.fromEntries(Object.entries(feeds).map(([name, { data }]) => [name, data])));
    const outputs = Object.entries(results).map(([name, data]) => [name, Array.from(data, Number)] as const);
    new Expectation(graph, feeds).check('the loaded model', new Map(outputs));
  });

  it('is proven equal by parity, as a bundle with every module', async () => {
    const graph = storedModel(all);
    const code = codeOf(graph);
    const proofs = await proveParity({
      graph,
      code,
      files: await emitTiny(code),
      onnx: undefined,
      runInPage: undefined,
    });
    expect(proofs.slice(0, 2).map(({ engine, result }) => [engine, result.kind])).toEqual([
      ['wasm simd', 'agrees'],
      ['wasm relaxed', 'agrees'],
    ]);
  });

  it('carries the decoders that it needs and no others', async () => {
    const names = ['decodeHalves', 'decodeIntegers', 'decodePalette'];
    const decodersIn = async (stores: typeof all) => {
      const files = await emitTiny(codeOf(linearLayers(stores)));
      const index = new TextDecoder().decode(files.get('index.js'));
      return names.filter((name) => index.includes(name));
    };
    const stores = storings;
    expect(await decodersIn([(w) => w])).toEqual([]);
    expect(await decodersIn([stores.float16!])).toEqual(['decodeHalves']);
    expect(await decodersIn([stores['int8 by channel']!])).toEqual(['decodeIntegers']);
    expect(await decodersIn([stores['palette of 8']!, (w) => w])).toEqual(['decodePalette']);
    expect(await decodersIn(all)).toEqual(names);
  });

  it('is described by lcc inspect and lcc.json', async () => {
    const code = codeOf(linearLayers([storings['int4 in groups of 32']!, (w) => w, storings.float16!]));
    const constants = reportConstants(code.program.constants);
    expect(constants.filter(({ decodedBytes }) => decodedBytes)).toEqual([
      { name: 'w0', form: 'int4', bytes: 232, decodedBytes: 896 },
      { name: 'w2', form: 'float16', bytes: 508, decodedBytes: 896 },
    ]);
    const files = await emitBundle(
      code,
      { ...reportOf(code), constants },
      { singleFile: false, version: '0.0.0', original: emptyGraph },
    );
    await withFolder(files, async (folder) => {
      const { stdout } = await runCli(['inspect', folder], folder);
      expect(stdout.split('\n').filter((line) => line.startsWith('stored'))).toEqual([
        'stored  "w0" int4, 232 B, decoded at load to 896 B',
        'stored  "w2" float16, 508 B, decoded at load to 896 B',
      ]);
      const { stdout: json } = await runCli(['inspect', folder, '--json'], folder);
      expect(JSON.parse(json)).toMatchObject({ constants, memory: { constants: 3 * 896 } });
    });
  });
});
