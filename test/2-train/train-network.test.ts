import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { flip, shift } from '../../compiler/2-train/augment.ts';
import type { Checkpoint } from '../../compiler/2-train/checkpoint.ts';
import { useWasm } from '../../compiler/2-train/engine/wasm-backend.ts';
import { models } from '../../compiler/2-train/models/index.ts';
import { sgd } from '../../compiler/2-train/optimisers/index.ts';
import { trainNetwork } from '../../compiler/2-train/train-network.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { bars, spirals } from './toy-data.ts';
import { toyTask } from './toy-task.ts';

beforeAll(useWasm);

const weightsOf = (graph: Graph): number[][] =>
  [...graph.constants.values()].map(({ data }) => Array.from(data, Number));

/** With batch-norm, augmentation and a method's draws: everything that a checkpoint has to hold. */
const imageTask = (epochs: number) =>
  toyTask({
    graph: models.cnn({ inputs: [1, 8, 8], channels: [4, 8], dense: [16], classes: 2, batchNorm: true })(1),
    train: bars(160, 1),
    validation: bars(80, 2),
    augment: [shift({ most: 1 }), flip()],
    epochs,
  });

describe('training', () => {
  test('learns two spirals, which no linear classifier tells apart', async () => {
    const { history, graph } = await trainNetwork(toyTask());
    expect(history.at(-1)!.validation).toBeGreaterThan(0.95);
    expect(history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss / 3);
    expect(graph.nodes.map(({ op }) => op)).toEqual(['linear', 'relu', 'linear', 'relu', 'linear']);
    const linear = await trainNetwork(toyTask({ graph: models.mlp({ inputs: 2, hidden: [], classes: 2 })(1) }));
    expect(linear.history.at(-1)!.validation).toBeLessThan(0.8);
  });

  test('is the same for the same seed, bit by bit, and another for another', async () => {
    const [one, same, other] = [
      await trainNetwork(toyTask({ epochs: 3 })),
      await trainNetwork(toyTask({ epochs: 3 })),
      await trainNetwork(toyTask({ epochs: 3, seed: 2 })),
    ];
    expect(weightsOf(same.graph)).toEqual(weightsOf(one.graph));
    expect(weightsOf(other.graph)).not.toEqual(weightsOf(one.graph));
  });

  test('convolutions with batch-norm learn, and their running statistics are those of the data', async () => {
    const { history, graph } = await trainNetwork(imageTask(12));
    expect(history.at(-1)!.validation).toBeGreaterThan(0.95);
    const [norm] = graph.nodes.filter(({ op }) => op === 'batchNorm');
    const variance = graph.constants.get(norm!.inputs[4]!)!;
    expect(Array.from(variance.data, Number).every((v) => v > 0 && v < 10 && Math.abs(v - 1) > 1e-3)).toBe(true);
  });

  test('goes on from a checkpoint as if it had never stopped', async () => {
    const checkpoints: Checkpoint[] = [];
    const whole = await trainNetwork(imageTask(4), { onCheckpoint: (one) => checkpoints.push(one) });
    const resumed = await trainNetwork(imageTask(4), { from: checkpoints[1] });
    expect(checkpoints.map(({ history }) => history.length)).toEqual([1, 2, 3, 4]);
    expect(weightsOf(resumed.graph)).toEqual(weightsOf(whole.graph));
    expect(resumed.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
  });

  test('stops when it is told to, and the checkpoint is that of the epoch before', async () => {
    const controller = new AbortController();
    const checkpoints: Checkpoint[] = [];
    const stopped = await trainNetwork(imageTask(400), {
      signal: controller.signal,
      onCheckpoint: (one) => checkpoints.push(one),
      onEpoch: ({ epoch }) => {
        if (epoch === 2) controller.abort();
      },
    });
    expect(stopped.isStopped).toBe(true);
    expect(stopped.history.length).toBeLessThan(400);
    expect(checkpoints.at(-1)!.history.length).toBe(stopped.history.length);
    const again = await trainNetwork(imageTask(stopped.history.length), {});
    expect(weightsOf(again.graph)).toEqual(weightsOf(stopped.graph));
  });

  test('patience keeps the best epoch and ends', async () => {
    const { history, graph } = await trainNetwork(
      toyTask({ epochs: 60, patience: 4, train: spirals(40, 1), optimiser: sgd({ rate: 0.5 }) }),
    );
    const best = Math.max(...history.map(({ validation }) => validation));
    const first = history.findIndex(({ validation }) => validation === best);
    expect(history.length).toBe(first + 1 + 4);
    const kept = await trainNetwork(
      toyTask({ epochs: first + 1, train: spirals(40, 1), optimiser: sgd({ rate: 0.5 }) }),
    );
    expect(weightsOf(graph)).toEqual(weightsOf(kept.graph));
  });

  test('a loss that is no number stops with the step, the rate and where it began', async () => {
    const task = toyTask({ optimiser: sgd({ rate: 1e30 }) });
    await expect(trainNetwork(task)).rejects.toThrow(
      /^LCC8004: The loss is (NaN|Infinity) at step \d+; it began in the node "fc\d"/,
    );
    await expect(trainNetwork(task)).rejects.toThrow(/learning rate: 1e\+30/);
  });

  test('gradients are clipped to the norm that is allowed', async () => {
    const task = toyTask({ optimiser: sgd({ rate: 1, momentum: 0 }), epochs: 1, batch: 400, clipNorm: 1e-3 });
    const { trained } = await trainNetwork(task);
    const [before, after] = [weightsOf(task.graph).flat(), weightsOf(trained).flat()];
    const moved = Math.hypot(...after.map((v, i) => v - before[i]!));
    expect(moved).toBeGreaterThan(0.9e-3);
    expect(moved).toBeLessThan(1.1e-3);
  });

  test('leaves nothing on the backend', async () => {
    await trainNetwork(imageTask(1));
    const before = tf.memory().numTensors;
    await trainNetwork(imageTask(2));
    expect(tf.memory().numTensors).toBe(before);
  });
});
