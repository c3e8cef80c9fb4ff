import { bug, ingest, LccError, tensorflow } from '../../../diagnostics/index.ts';
import type { GraphBuilder } from '../../../ir/build.ts';
import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { printType } from '../../../tensor/tensor.ts';
import { Unsupported } from '../../refusals.ts';
import type { Twins } from '../image-emitter.ts';
import { Malformed } from '../json.ts';
import { layerImporters, refusedLayers } from './index.ts';
import { LayerCall, MissingWeight } from './layer.ts';
import { inputClass, type Layer, type Network, type Reference } from './network.ts';
import type { LayerWeights } from './weights.ts';

/** A value, or undefined: the result of a layer that could not be imported. */
type Result = ValueId | undefined;

/** A network where it is called: what it was called on, and what its layers gave so far. */
interface Scope {
  readonly network: Network;
  /** names of the models around, outermost first */
  readonly path: readonly string[];
  readonly results: Map<string, readonly Result[] | 'running'>;
}

/** Imports the layers of a model into a builder, collecting what lcc does not compile and what has no weights. */
export class NetworkImporter {
  readonly unsupported = new Set<string>();
  readonly missing = new Set<string>();
  readonly #builder: GraphBuilder;
  readonly #weights: LayerWeights;
  readonly #file: string | undefined;
  readonly #twins: Twins = new Map();

  constructor(builder: GraphBuilder, weights: LayerWeights, file: string | undefined) {
    this.#builder = builder;
    this.#weights = weights;
    this.#file = file;
  }

  /** The network's outputs for values of its inputs. */
  importNetwork(network: Network, inputs: readonly Result[], path: readonly string[] = []): Result[] {
    if (inputs.length !== network.inputs.length) {
      throw new Malformed(`"${network.name}" takes ${network.inputs.length} inputs, not ${inputs.length}`);
    }
    const scope: Scope = { network, path, results: new Map() };
    network.inputs.forEach(({ name }, i) => {
      scope.results.set(keyOf(name, 0), [inputs[i]]);
    });
    // Layers are listed after what they read, so that the way back from each is short.
    for (const { name: layer, calls } of network.layers.values()) {
      calls.forEach((_, call) => {
        this.#resultOf({ layer, call, output: 0 }, scope);
      });
    }
    return network.outputs.map((output) => this.#resultOf(output, scope));
  }

  #resultOf({ layer: name, call, output }: Reference, scope: Scope): Result {
    const key = keyOf(name, call);
    const known = scope.results.get(key);
    if (known === 'running') throw new Malformed(`layer "${name}" depends on itself`);
    if (known !== undefined) return known[output];
    const layer = scope.network.layers.get(name);
    if (layer?.calls[call] === undefined || layer.className === inputClass) {
      throw new Malformed(`call ${call} of layer "${name}" is read, which the model does not have`);
    }
    scope.results.set(key, 'running');
    const inputs = (layer.calls[call] ?? []).map((reference) => this.#resultOf(reference, scope));
    const results = layer.network
      ? this.importNetwork(layer.network, inputs, [...scope.path, name])
      : [this.#importLayer(layer, inputs, scope)];
    scope.results.set(key, results);
    return results[output];
  }

  #importLayer(layer: Layer, inputs: readonly Result[], { path }: Scope): Result {
    const name = [...path, layer.name].join('/');
    const description = `layer "${name}" (${layer.className})`;
    const importer = layerImporters.get(layer.className);
    if (importer === undefined) {
      const reason = refusedLayers.get(layer.className);
      this.unsupported.add(reason === undefined ? description : `${description}: ${reason}`);
      return undefined;
    }
    const given = inputs.filter((id) => id !== undefined);
    if (given.length < inputs.length) return undefined;
    const weight = (weightName: string) => this.#weights.find(layer.name, weightName, path);
    const call = new LayerCall({ name, config: layer.config, inputs: given, weight }, this.#builder, this.#twins);
    const first = this.#builder.nextId;
    const place = { file: this.#file, node: name, op: layer.className };
    try {
      const result = importer(call);
      this.#nameResult(result, name, first);
      return result;
    } catch (error) {
      if (error instanceof Unsupported) this.unsupported.add(`${description}: ${error.message}`);
      else if (error instanceof MissingWeight) this.missing.add(`${description}: ${error.message}`);
      else if (error instanceof Malformed) throw tensorflow.invalidTopology(place, error.message);
      else if (error instanceof OpError) {
        const types = given.map((id) => `input "${this.#builder.nameOf(id)}" is ${printType(this.#builder.type(id))}`);
        throw ingest.refusedNode(place, error.message, types);
      } else if (error instanceof LccError) throw error;
      else throw bug(`importing ${description} failed`, error);
      return undefined;
    }
  }

  /** The form with the channels first is the one that stays. */
  #nameResult(result: ValueId, name: string, first: ValueId): void {
    const value = this.#twins.get(result) ?? result;
    if (value >= first) this.#builder.rename(value, name);
  }
}

const keyOf = (layer: string, call: number): string => JSON.stringify([layer, call]);
