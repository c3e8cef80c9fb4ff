import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type WrittenNode, writeOnnx } from '../../../../compiler/1-ingest/onnx/write.ts';
import { makeRandom } from '../../../../samples/digits/train/random.ts';
import { type Recipe, type Trained, trainClassifier } from './train-classifier.ts';

const seed = 1;

/** A trained network as a file. */
export interface WrittenClassifier {
  /** its name without .onnx */
  readonly file: string;
  /** of the graph in it */
  readonly name: string;
  /** from `flat` float32[1,784] to `logits` float32[1,10] */
  readonly nodes: readonly WrittenNode[];
  readonly initializers: Trained['parameters'];
}

/**
 * The command `<script> [folder] [epochs]`: trains on the four .gz files of the folder, by default those of `dataSet` in
 * the shared one, and writes .lcc/bench/<file>.onnx for each network that `write` makes of the parameters.
 */
export async function trainAndWrite(
  dataSet: string,
  recipe: Recipe,
  write: (parameters: Trained['parameters']) => readonly WrittenClassifier[],
): Promise<void> {
  const [folder = join(process.env.LCC_SHARED ?? '../shared', 'data', dataSet), epochs = recipe.epochs] =
    process.argv.slice(2);
  const { parameters, accuracy } = await trainClassifier(
    { ...recipe, epochs: Number(epochs) },
    folder,
    makeRandom(seed),
  );
  const out = join('.lcc', 'bench');
  await mkdir(out, { recursive: true });
  for (const classifier of write(parameters)) await writeFile(join(out, `${classifier.file}.onnx`), onnxOf(classifier));
  console.log(`${(100 * accuracy).toFixed(2)} % of the test images are right`);
}

/** `image` float32[1,1,28,28] to `logits` float32[1,10]. */
const onnxOf = ({ name, nodes, initializers }: WrittenClassifier): Uint8Array =>
  writeOnnx({
    name,
    opset: 21,
    inputs: [{ name: 'image', dtype: 'float32', shape: [1, 1, 28, 28] }],
    outputs: [{ name: 'logits', dtype: 'float32', shape: [1, 10] }],
    nodes: [{ op: 'Flatten', inputs: ['image'], outputs: ['flat'] }, ...nodes],
    initializers,
  });
