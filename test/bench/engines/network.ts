import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

/** A classifier of 28x28 images, 220,234 parameters: its weights are random, which no time depends on. */
function makeNetwork(): tf.LayersModel {
  const { conv2d, maxPooling2d, flatten, dense } = tf.layers;
  const convolution = { kernelSize: 3, padding: 'same', activation: 'relu' } as const;
  return tf.sequential({
    layers: [
      conv2d({ ...convolution, filters: 32, inputShape: [28, 28, 1] }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({ ...convolution, filters: 64 }),
      maxPooling2d({ poolSize: 2 }),
      flatten(),
      dense({ units: 64, activation: 'relu' }),
      dense({ units: 10 }),
    ],
  });
}

/** Writes it as tfjs does. @returns the paths of its model.json and of the weights beside it */
export async function writeNetwork(folder: string): Promise<{ readonly file: string; readonly weights: string }> {
  await tf.setBackend('cpu');
  const network = makeNetwork();
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'model.json');
  const weights = join(folder, 'weights.bin');
  await network.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs = [], weightData = new ArrayBuffer(0) }) => {
      const bytes = Buffer.concat([weightData].flat().map((buffer) => new Uint8Array(buffer)));
      const weightsManifest = [{ paths: [basename(weights)], weights: weightSpecs }];
      await writeFile(weights, bytes);
      await writeFile(file, JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return { file, weights };
}
