import { basename } from 'node:path';
import { bug, ingest } from '../../diagnostics/index.ts';
import { GraphBuilder } from '../../ir/build.ts';
import { evaluateNode } from '../../ir/evaluate.ts';
import { verifyGraph } from '../../ir/verify.ts';
import { OpError } from '../../ops/op.ts';
import { bindInputs } from '../bind.ts';
import type { Ingested, IngestOptions, ModelSource } from '../source.ts';
import { typeConstants } from '../type-constants.ts';
import { declaredInputs, declaredType } from './declared-type.ts';
import { type DecodedModel, decodeModel } from './decode.ts';
import { GraphImporter } from './import-graph.ts';
import { Scope } from './scope.ts';

/**
 * Reads an ONNX model. Functions and `If`s of known condition are inlined; whatever can be computed is.
 * @throws LccError LCC10xx, exit code 2, for anything wrong with the file, the bindings, or an operator lcc lacks
 */
export function ingestOnnx(source: ModelSource, options: IngestOptions = {}): Ingested {
  const { file } = source;
  const model = decodeModel(source.bytes, file);
  const { graph, opsets } = model;
  requireDistinct('inputs', graph.input, file);
  requireDistinct('outputs', graph.output, file);
  const initialized = new Set(graph.initializer.map((tensor) => tensor.name));
  const types = new Map(graph.input.map((input) => [input.name, declaredType(input.type)]));
  const constants = typeConstants(types, options.constants ?? {}, options, file);
  const declared = graph.input.filter((v) => !initialized.has(v.name) || Object.hasOwn(constants, v.name));
  const bound = bindInputs(declaredInputs(declared, file), { ...options, constants }, file);
  const builder = new GraphBuilder(nameOfModel(model, file), evaluateNode);
  const scope = new Scope();
  for (const [name, type] of bound.types) {
    const constant = Object.hasOwn(constants, name) ? constants[name] : undefined;
    scope.define(
      name,
      constant === undefined ? defineInput(builder, name, type, file) : builder.constant(constant, name),
    );
  }
  const importer = new GraphImporter(builder, model.proto.functions, file);
  const outputs = importer.importModel(graph, scope, opsets);
  if (importer.unsupported.length > 0) throw ingest.unsupportedOps(file, importer.unsupported);
  if (importer.unknown.length > 0) throw ingest.unknownShapes(file, importer.unknown);
  outputs.forEach((id, i) => {
    const name = graph.output[i]?.name;
    if (id === undefined || name === undefined) throw bug(`output "${name}" was not imported`);
    builder.output(name, id);
  });
  return { graph: verifyGraph(builder.build()), notes: [...model.notes, ...bound.notes] };
}

function requireDistinct(what: string, values: readonly { readonly name: string }[], file: string | undefined): void {
  const names = values.map((value) => value.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw ingest.invalidModel({ file }, `two ${what} are named "${twice}"`);
}

function defineInput(
  builder: GraphBuilder,
  name: string,
  type: Parameters<GraphBuilder['input']>[1],
  file: string | undefined,
) {
  try {
    return builder.input(name, type);
  } catch (error) {
    if (error instanceof OpError) throw ingest.invalidModel({ file }, `input "${name}": ${error.message}`);
    throw error;
  }
}

/** The file's name without its ending, else the graph's. */
const nameOfModel = ({ graph }: DecodedModel, file: string | undefined): string =>
  file === undefined ? graph.name || 'model' : basename(file).replace(/\.onnx$/, '');
