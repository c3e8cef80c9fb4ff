import { expect, it } from 'vitest';
import { describeStage } from '../../compiler/describe/describe-stage.ts';
import { GraphBuilder } from '../../compiler/ir/build.ts';

const graph = new GraphBuilder('empty').build();

it('tells the notes of ingest and of compression, each of their lines as one', () => {
  expect(describeStage({ stage: 'ingest', ms: 1, graph, notes: ['batch is 1'] })).toEqual(['0 nodes', 'batch is 1']);
  const passes = [{ name: 'merge-linear', changes: 1, loss: 0 }];
  const notes = ['LCC7103: 20 samples are few.\n  Next: Give more.', 'There is no calibration data.'];
  expect(describeStage({ stage: 'compress', ms: 1, graph, passes, compression: undefined, notes })).toEqual([
    '0 nodes left by 1 change',
    'LCC7103: 20 samples are few.',
    '  Next: Give more.',
    'There is no calibration data.',
  ]);
});
