import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ingestTensorflow } from '../../../compiler/1-ingest/tensorflow/ingest.ts';
import { flag, graphArtifacts, int, type, type WrittenGraph } from '../../harness/tensorflow-graph.ts';
import { modelFolder, type WrittenModel, writeModel } from '../../harness/tensorflow-model.ts';
import { bytesOf, lines, refusal, saveAgain } from '../../harness/tensorflow-refusal.ts';

const write = modelFolder();

describe('graphs', () => {
  const graph = async (name: string, written: WrittenGraph): Promise<string> =>
    write(name, writeModel(await graphArtifacts(written)));

  it('of operators that lcc does not compile, all at once', async () =>
    expect(
      refusal(
        await graph('ops', {
          inputs: { x: [1, 4] },
          nodes: [
            { name: 'where', op: 'Where', input: ['x'] },
            { name: 'loop', op: 'While', input: ['x'] },
            { name: 'after', op: 'TopKV2', input: ['where'] },
            { name: 'wide', op: 'MaxPool', input: ['x'], attr: { padding: { s: btoa('SOME') } } },
          ],
        }),
      ),
    ).toBe(
      lines(
        'LCC1003: 4 nodes use operators lcc does not compile.',
        '  at model.json',
        '  - node "loop" (While): lcc has no control flow',
        '  - node "where" (Where)',
        '  - node "after" (TopKV2)',
        '  - node "wide" (MaxPool): padding is "SOME"',
        '  Next: Export the model without these operators, or cut it before them.',
      ),
    ));

  it('with loops of TensorFlow 1', async () => {
    const nodes = [
      { name: 'enter', op: 'Enter', input: ['x'] },
      { name: 'merge', op: 'Merge', input: ['enter', 'next'] },
      { name: 'body', op: 'Tanh', input: ['merge'] },
      { name: 'next', op: 'NextIteration', input: ['body'] },
      { name: 'exit', op: 'Exit', input: ['merge'] },
    ];
    expect(refusal(await graph('loop', { inputs: { x: [4] }, nodes }))).toBe(
      lines(
        'LCC1003: 4 nodes use operators lcc does not compile.',
        '  at model.json',
        '  - node "enter" (Enter): lcc has no control flow',
        '  - node "next" (NextIteration): lcc has no control flow',
        '  - node "merge" (Merge): lcc has no control flow',
        '  - node "exit" (Exit): lcc has no control flow',
        '  Next: Export the model without these operators, or cut it before them.',
      ),
    );
  });

  it('whose shapes come from values', async () =>
    expect(
      refusal(
        await graph('shapes', {
          inputs: { x: [1, 4], sizes: { sizes: [2], dtype: 'int32' } },
          nodes: [{ name: 'y', op: 'Reshape', input: ['x', 'sizes'] }],
        }),
      ),
    ).toBe(
      lines(
        'LCC1016: The model computes shapes from values that are not known when it is built.',
        '  at model.json',
        '  - node "y" (Reshape): the shape comes from "sizes"',
        '  Next: Fix the inputs they come from with --const name=value, or export the model with static shapes.',
      ),
    ));

  it('bound by --const', async () => {
    const path = await graph('const', {
      inputs: { x: [1, 4], sizes: { sizes: [2], dtype: 'int32' } },
      nodes: [{ name: 'y', op: 'Reshape', input: ['x', 'sizes'] }],
    });
    const { graph: ingested } = ingestTensorflow(
      { bytes: bytesOf(path), file: path },
      { constants: { sizes: [2, 2] } },
    );
    expect(ingested.inputs.map((id) => ingested.values.get(id)?.name)).toEqual(['x']);
  });

  it('without the values of their constants', async () =>
    expect(
      refusal(
        await graph('missing', {
          inputs: { x: [1, 4] },
          nodes: [
            { name: 'w', op: 'Const', attr: { dtype: type('DT_FLOAT') } },
            { name: 'y', op: 'MatMul', input: ['x', 'w'] },
          ],
        }),
      ),
    ).toBe(
      lines('LCC1104: The manifest of the model lacks a weight.', '  at model.json', '  - node "w" (Const)', saveAgain),
    ));

  it('that are torn', async () => {
    const node = (name: string, ...input: string[]) => ({ name, op: 'AddV2', input });
    expect(refusal(await graph('stranger', { inputs: { x: [4] }, nodes: [node('y', 'x', 'gone')] }))).toContain(
      'LCC1101: The file is not a TensorFlow.js model: node "y" reads "gone", which is no node.',
    );
    const cycle = [node('a', 'x', 'b'), node('b', 'a', 'x'), node('y', 'b', 'x')];
    expect(refusal(await graph('cycle', { inputs: { x: [4] }, nodes: cycle }))).toContain('depends on itself');
    const twice = [node('y', 'x', 'x'), node('y', 'x', 'x')];
    expect(refusal(await graph('twice', { inputs: { x: [4] }, nodes: twice }))).toContain('two nodes are named "y"');
    const signature = { outputs: { y: { name: 'a:3' } } };
    expect(refusal(await graph('port', { inputs: { x: [4] }, nodes: [node('a', 'x', 'x')], signature }))).toContain(
      'node "a" has no output 3',
    );
  });

  it('whose nodes do not fit', async () => {
    const attr = { transpose_a: flag(false), num_split: int(3) };
    expect(
      refusal(
        await graph('fit', {
          inputs: { x: [1, 4] },
          constants: { axis: tf.scalar(1, 'int32') },
          nodes: [{ name: 'parts', op: 'Split', input: ['axis', 'x'], attr }],
        }),
      ),
    ).toBe(
      lines(
        'LCC1012: The node does not fit its inputs: slice: sizes must be integers, not [1,1.3333333333333333].',
        '  at model.json, node "parts" (Split)',
        '  - input "axis" is int32[]',
        '  - input "x" is float32[1,4]',
        '  Next: Check the sizes given by --dim and --shape, and the model before this node.',
      ),
    );
  });

  it('of text', async () => {
    const model: WrittenModel = writeModel(
      await graphArtifacts({ inputs: { x: [1] }, nodes: [{ name: 'y', op: 'Identity', input: ['x'] }] }),
    );
    const json = JSON.parse(JSON.stringify(model.json).replace('DT_FLOAT', 'DT_STRING'));
    expect(refusal(write('text', { ...model, json }))).toContain(
      'LCC1007: Input "x" holds DT_STRING, which lcc does not compile.',
    );
  });
});
