import { dtypeOf } from '../element-type.ts';
import { Fields, type Json, Malformed } from '../json.ts';

/** One result of one call of a layer. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A layer and the calls of it, each with what it is called on. A nested model is a layer that has a network. */
export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly config: Fields;
  readonly calls: readonly (readonly Reference[])[];
  readonly network: Network | undefined;
}

export interface Network {
  readonly name: string;
  readonly inputs: readonly NetworkInput[];
  readonly outputs: readonly Reference[];
  readonly layers: ReadonlyMap<string, Layer>;
}

export interface NetworkInput {
  readonly name: string;
  /** null where a size is open; undefined where a nested model leaves all of it to its caller */
  readonly shape: readonly (number | null)[] | undefined;
  readonly dtype: string;
}

export const inputClass = 'InputLayer';

const isModel = (className: string): boolean =>
  ['Sequential', 'Functional', 'Model', 'LayersModel'].includes(className);

/** A model of the topology or of a layer: its class and configuration. @throws Malformed */
export function parseNetwork(className: string, config: Json | undefined, path: string): Network {
  if (className === 'Sequential') return parseSequential(config, path);
  if (isModel(className)) return parseFunctional(new Fields(config, path));
  throw new Malformed(`${path === '' ? 'it' : path} is a "${className}", not a Sequential or Functional model`);
}

/** Early versions write a list of layers in place of an object. */
function parseSequential(config: Json | undefined, path: string): Network {
  const isBare = Array.isArray(config);
  const fields = new Fields(isBare ? { layers: config } : config, path);
  const layers = new Map<string, Layer>();
  let before: Reference | undefined;
  let input: NetworkInput | undefined;
  for (const entry of fields.entries('layers')) {
    const parsed = parseLayer(entry);
    if (before === undefined) {
      input = inputOfFirst(parsed);
      before = { layer: input.name, call: 0, output: 0 };
      if (parsed.className === inputClass) continue;
    }
    addLayer(layers, { ...parsed, calls: [[before]] });
    before = { layer: parsed.name, call: 0, output: 0 };
  }
  if (input === undefined || before === undefined) throw new Malformed(`${fields.pathOf('layers')} is empty`);
  return { name: fields.string('name', 'sequential'), inputs: [input], outputs: [before], layers };
}

/** The input of a Sequential model: that of its first layer, or made for it and named as TensorFlow.js names it. */
function inputOfFirst(first: Layer): NetworkInput {
  if (first.className === inputClass) return parseInput(first);
  return first.network?.inputs[0] ?? parseInput({ ...first, name: `${first.name}_input` });
}

/** A dtype that is an object is a policy of mixed precision, whose inputs are floats. */
function parseInput({ name, config }: Layer): NetworkInput {
  const given = config.value('dtype');
  const dtype = typeof given === 'string' ? given : 'float32';
  if (dtypeOf(dtype) === undefined) throw new Malformed(`${config.pathOf('dtype')} is "${dtype}"`);
  if (!config.has('batch_input_shape')) return { name, shape: undefined, dtype };
  const shape = config.list('batch_input_shape').map((size) => {
    if (size === null || (typeof size === 'number' && Number.isSafeInteger(size))) return size;
    throw new Malformed(`${config.pathOf('batch_input_shape')} is no shape`);
  });
  return { name, shape: shape.map((size) => (size !== null && size < 0 ? null : size)), dtype };
}

function parseFunctional(fields: Fields): Network {
  const layers = new Map<string, Layer>();
  for (const entry of fields.entries('layers')) addLayer(layers, parseLayer(entry));
  const ends = (name: string): Reference[] =>
    asList(fields.list(name)).map((json) => parseReference(json, fields, name));
  const outputs = ends('output_layers');
  const shifted = new Map(
    [...layers].map(([name, layer]) => [name, layer.network && firstCall(name, layers, outputs)]),
  );
  const normal = ({ layer, call, output }: Reference): Reference => ({
    layer,
    call: call - (shifted.get(layer) ?? 0),
    output,
  });
  const inputs = ends('input_layers').map(({ layer }) => {
    const found = layers.get(layer);
    if (found === undefined)
      throw new Malformed(`${fields.pathOf('input_layers')} names "${layer}", which is no layer`);
    return parseInput(found);
  });
  return {
    name: fields.string('name', 'model'),
    inputs,
    outputs: outputs.map(normal),
    layers: new Map(
      [...layers].map(([name, layer]) => [name, { ...layer, calls: layer.calls.map((call) => call.map(normal)) }]),
    ),
  };
}

/** Calls of a nested model are counted from 0 or, its own definition being the first, from 1. */
function firstCall(name: string, layers: ReadonlyMap<string, Layer>, outputs: readonly Reference[]): number {
  const all = [...[...layers.values()].flatMap((layer) => layer.calls.flat()), ...outputs];
  return Math.min(...all.filter(({ layer }) => layer === name).map(({ call }) => call));
}

/** A list of references, or the only one of them. */
const asList = (list: readonly Json[]): readonly Json[] => (typeof list[0] === 'string' ? [list] : list);

function addLayer(layers: Map<string, Layer>, layer: Layer): void {
  if (layers.has(layer.name)) throw new Malformed(`two layers are named "${layer.name}"`);
  layers.set(layer.name, layer);
}

function parseLayer(entry: Fields): Layer {
  const className = entry.string('class_name');
  const path = entry.pathOf('config');
  const json = entry.value('config');
  const network = isModel(className) ? parseNetwork(className, json, path) : undefined;
  const config = new Fields(Array.isArray(json) ? {} : json, path);
  const name = entry.string('name', config.string('name', network?.name));
  const calls = entry.has('inbound_nodes') ? entry.list('inbound_nodes') : [];
  return {
    name,
    className,
    config,
    calls: calls.map((call) => parseCall(call, entry)),
    network,
  };
}

function parseCall(call: Json, entry: Fields): Reference[] {
  if (!Array.isArray(call)) throw new Malformed(`${entry.pathOf('inbound_nodes')} is not as Keras 2 writes it`);
  return asList(call).map((json) => parseReference(json, entry, 'inbound_nodes'));
}

/** [layer, call, output], and of a call the arguments besides. */
function parseReference(json: Json, fields: Fields, name: string): Reference {
  const [layer, call, output] = Array.isArray(json) ? json : [];
  if (typeof layer === 'string' && typeof call === 'number' && typeof output === 'number') {
    return { layer, call, output };
  }
  throw new Malformed(`${fields.pathOf(name)} is not as Keras 2 writes it`);
}
