import { tensorflow } from '../../../diagnostics/index.ts';
import type { DeclaredType } from '../../bind.ts';
import { dtypeOf } from '../element-type.ts';
import type { OpenModel } from '../ingest.ts';
import { Fields, Malformed } from '../json.ts';
import type { TensorflowModel } from '../read-model.ts';
import { NetworkImporter } from './import-network.ts';
import { type Network, type NetworkInput, parseNetwork } from './network.ts';
import { LayerWeights } from './weights.ts';

/** Sequential and functional models of Keras 2 and of TensorFlow.js. @throws Malformed; LccError LCC1102 for Keras 3 */
export function openLayersModel(model: TensorflowModel, file: string | undefined): OpenModel {
  const { topology } = model;
  const root = topology.has('model_config') ? topology.fields('model_config') : topology;
  requireKeras2(topology, root, file);
  const network = parseNetwork(root.string('class_name'), root.value('config'), root.pathOf('config'));
  return {
    inputs: new Map(network.inputs.map((input) => [input.name, declare(input)])),
    importInto(builder, inputs) {
      const importer = new NetworkImporter(builder, new LayerWeights(model.weights, builder), file);
      const values = importer.importNetwork(
        network,
        network.inputs.map(({ name }) => inputs.get(name)),
      );
      if (importer.unsupported.size > 0) throw tensorflow.unsupportedLayers(file, [...importer.unsupported]);
      if (importer.missing.size > 0) throw tensorflow.missingWeights(file, [...importer.missing]);
      const names = outputNames(network);
      return new Map(
        values.map((id, i) => {
          if (id === undefined) throw new Malformed(`output "${names[i] ?? ''}" has no value`);
          return [names[i] ?? '', id];
        }),
      );
    },
  };
}

/** Keras 3 says so, and writes each layer with the module it comes from. */
function requireKeras2(topology: Fields, root: Fields, file: string | undefined): void {
  const version = topology.has('keras_version') ? topology.string('keras_version') : '';
  const config = root.value('config');
  const layers = Array.isArray(config) ? config : new Fields(config, root.pathOf('config')).value('layers');
  const [first] = Array.isArray(layers) ? layers : [];
  const hasModules = first !== undefined && new Fields(first, 'a layer').has('module');
  if (/^[3-9]\./.test(version) || hasModules) throw tensorflow.unsupportedFormat(file, 'Keras 3');
}

/** An open first size is the batch. */
function declare({ name, shape, dtype }: NetworkInput): DeclaredType {
  if (shape === undefined) throw new Malformed(`input "${name}" has no batch_input_shape`);
  const dims = shape.map((size, i) => size ?? (i === 0 ? 'batch' : undefined));
  return { elementType: dtype, dtype: dtypeOf(dtype), dims };
}

/** The names of the output layers; of a layer that gives several, and of one given twice, with a number after them. */
function outputNames({ outputs }: Network): string[] {
  const names: string[] = [];
  for (const { layer } of outputs) {
    const taken = (name: string): boolean => names.includes(name);
    let name = layer;
    for (let count = 1; taken(name); count++) name = `${layer}_${count}`;
    names.push(name);
  }
  return names;
}
