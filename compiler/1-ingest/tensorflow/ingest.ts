import { basename } from 'node:path';
import { tensorflow } from '../../diagnostics/index.ts';
import { GraphBuilder } from '../../ir/build.ts';
import { evaluateNode } from '../../ir/evaluate.ts';
import type { ValueId } from '../../ir/graph.ts';
import { verifyGraph } from '../../ir/verify.ts';
import { OpError } from '../../ops/op.ts';
import { rebuild } from '../../rewrite/rebuild.ts';
import { bindInputs, type DeclaredType } from '../bind.ts';
import type { Ingested, IngestOptions, ModelSource } from '../source.ts';
import { typeConstants } from '../type-constants.ts';
import { Malformed } from './json.ts';
import { openLayersModel } from './layers/open-model.ts';
import { openGraphModel } from './ops/open-model.ts';
import { readModel, type TensorflowModel } from './read-model.ts';

/** A model whose inputs are declared and whose nodes are still to be imported. */
export interface OpenModel {
  readonly inputs: ReadonlyMap<string, DeclaredType>;
  /** Adds the nodes; outputs by their public names. @throws LccError naming all that could not be imported */
  importInto(builder: GraphBuilder, inputs: ReadonlyMap<string, ValueId>): ReadonlyMap<string, ValueId>;
}

/**
 * Reads a TensorFlow.js model, of layers or a graph, with the weights beside its file.
 * @throws LccError LCC10xx and LCC11xx, exit code 2, for anything wrong with the files, the bindings, or what lcc lacks
 */
export function ingestTensorflow(source: ModelSource, options: IngestOptions = {}): Ingested {
  const { file } = source;
  try {
    const model = readModel(source);
    return { ...importModel(model, open(model, file), options, file), parts: model.shards };
  } catch (error) {
    if (error instanceof Malformed) throw tensorflow.malformedModel({ file }, error.message);
    throw error;
  }
}

function open(model: TensorflowModel, file: string | undefined): OpenModel {
  switch (model.format) {
    case 'layers':
      return openLayersModel(model, file);
    case 'graph':
      return openGraphModel(model, file);
    default:
      return model.format satisfies never;
  }
}

function importModel(
  model: TensorflowModel,
  opened: OpenModel,
  options: IngestOptions,
  file: string | undefined,
): Omit<Ingested, 'parts'> {
  const constants = typeConstants(opened.inputs, options.constants ?? {}, options, file);
  const bound = bindInputs(opened.inputs, { ...options, constants }, file);
  const name = file === undefined ? model.topology.path || 'model' : basename(file).replace(/\.json$/, '');
  const builder = new GraphBuilder(name, evaluateNode);
  const inputs = new Map<string, ValueId>();
  for (const [input, type] of bound.types) {
    const constant = Object.hasOwn(constants, input) ? constants[input] : undefined;
    try {
      inputs.set(input, constant === undefined ? builder.input(input, type) : builder.constant(constant, input));
    } catch (error) {
      if (error instanceof OpError) throw tensorflow.invalidTopology({ file }, `input "${input}": ${error.message}`);
      throw error;
    }
  }
  for (const [output, value] of opened.importInto(builder, inputs)) builder.output(output, value);
  // Of an image's two forms, channels first and last, one is often read by nothing.
  return { graph: verifyGraph(rebuild(builder.build(), []).graph), notes: bound.notes };
}
