import { expect, it } from 'vitest';
import * as train from '../../compiler/diagnostics/train.ts';
import { methodOptionsInvalid, modelOptionsInvalid } from '../../compiler/diagnostics/train.ts';

it('what training refuses, word for word', () => {
  const error = modelOptionsInvalid('vit', 'width 64 is not a multiple of heads 5', 'Make width a multiple of heads.');
  expect(error.exitCode).toBe(2);
  expect(error.message).toMatchInlineSnapshot(`
    "LCC8001: The options of the model "vit" do not fit: width 64 is not a multiple of heads 5.
      Next: Make width a multiple of heads."
  `);
});

it('options of a method that do not fit', () => {
  const error = methodOptionsInvalid('lorita', 'factors is 1.5', 'Give factors as a whole number of at least 1.');
  expect(error.exitCode).toBe(2);
  expect(error.message).toMatchInlineSnapshot(`
    "LCC8007: The options of the method lorita do not fit: factors is 1.5.
      Next: Give factors as a whole number of at least 1."
  `);
});

const place = 'run.checkpoint';

it.each([
  train.opNotTrainable('maxPool', 'pool1', 'a dilated pool'),
  train.methodFindsNothing('layer-collapse', 'an activation between two layers'),
  train.lossNotFinite(7, 0.1, Number.NaN, 'the node "fc1"'),
  train.checkpointInvalid(place, 'it is no checkpoint of lcc'),
  train.checkpointNotWritten(place, 'ENOSPC: no space left on device'),
  train.backendNotAvailable('webgpu', ['webgpu finds no adapter']),
  train.recipeInvalid('recipe.ts', 'its default export has no model and data'),
  train.labelsDoNotFit('train.npz', 2, 'logits', 1),
  train.splitEmpty('train.npz', 'validation', 1),
  train.trainingFileNotWritten('model.onnx', 'ENOSPC: no space left on device'),
])('%s', (error) => {
  expect(error.exitCode).toBe(2);
  expect(error.message).toMatchSnapshot();
});
