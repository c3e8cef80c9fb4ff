import { bug, ingest, LccError } from '../../diagnostics/index.ts';
import type { GraphBuilder } from '../../ir/build.ts';
import type { ValueId } from '../../ir/graph.ts';
import { OpError } from '../../ops/op.ts';
import { printType } from '../../tensor/tensor.ts';
import { isDeclaredAs, printDeclared } from '../bind.ts';
import { type OnnxAttributes, readAttributes } from './attributes.ts';
import { declaredType } from './declared-type.ts';
import { canonicalDomain, readOpsets } from './decode.ts';
import { importers } from './importers/index.ts';
import { OnnxNode, UnknownAtBuild, Unsupported } from './node.ts';
import { nameOfNode, orderNodes } from './order.ts';
import type { FunctionProto, GraphProto, NodeProto, ValueInfoProto } from './proto/generated/onnx_pb.ts';
import { type Binding, Scope } from './scope.ts';
import { decodeTensor } from './tensor.ts';

/** What the nodes of one graph or function body are read with. */
interface Surroundings {
  readonly opsets: ReadonlyMap<string, number>;
  /** attributes of the call, inside a function */
  readonly attributes: OnnxAttributes;
  /** functions being inlined, outermost first */
  readonly calls: readonly FunctionProto[];
  /** put before value and node names: '' or 'call/' */
  readonly prefix: string;
}

/** A subgraph's output depends on a node that could not be imported. */
class Poisoned extends Error {}

/** Imports nodes into a builder, collecting what lcc does not compile. */
export class GraphImporter {
  readonly unsupported: string[] = [];
  readonly unknown: string[] = [];
  readonly #builder: GraphBuilder;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #file: string | undefined;

  constructor(builder: GraphBuilder, functions: readonly FunctionProto[], file: string | undefined) {
    this.#builder = builder;
    this.#functions = new Map(functions.map((f) => [keyOf(f.domain, f.name, f.overload), f]));
    this.#file = file;
  }

  /** Imports a whole model graph whose inputs `scope` already holds. Outputs that could not be imported are undefined. */
  importModel(graph: GraphProto, scope: Scope, opsets: ReadonlyMap<string, number>): (ValueId | undefined)[] {
    return this.#importGraph(graph, scope, { opsets, attributes: new Map(), calls: [], prefix: '' });
  }

  #importGraph(graph: GraphProto, scope: Scope, around: Surroundings): (ValueId | undefined)[] {
    for (const tensor of graph.initializer) {
      if (scope.has(tensor.name)) continue;
      scope.define(tensor.name, this.#builder.constant(decodeTensor(tensor, this.#file), around.prefix + tensor.name));
    }
    const [sparse] = graph.sparseInitializer;
    if (sparse !== undefined)
      throw ingest.unsupportedElementType({ file: this.#file }, 'An initializer', 'sparse data');
    this.#importNodes(graph.node, [...graph.valueInfo, ...graph.output], scope, around);
    return graph.output.map(({ name }) => {
      const binding = scope.find(name);
      if (binding === undefined || binding === 'absent') throw ingest.undefinedValue({ file: this.#file }, name);
      return binding === 'poisoned' ? undefined : binding;
    });
  }

  #importNodes(
    nodes: readonly NodeProto[],
    declarations: readonly ValueInfoProto[],
    scope: Scope,
    around: Surroundings,
  ): void {
    const declared = new Map(declarations.map((v) => [v.name, v]));
    for (const node of orderNodes(nodes, this.#file)) {
      const results = this.#importNode(node, scope, around);
      node.output.forEach((name, i) => {
        if (name === '') return;
        const result = results?.[i];
        if (scope.has(name)) throw ingest.invalidModel(this.#place(node, around), `"${name}" is defined twice`);
        scope.define(name, result ?? 'poisoned');
        const declaration = declared.get(name);
        if (result !== undefined && declaration !== undefined) this.#checkDeclared(declaration, result, node, around);
      });
    }
  }

  /** The node's outputs; undefined when it could not be imported. */
  #importNode(node: NodeProto, scope: Scope, around: Surroundings): readonly (ValueId | undefined)[] | undefined {
    const inputs = node.input.map((name): Binding => {
      if (name === '') return 'absent';
      const found = scope.find(name);
      if (found === undefined) throw ingest.undefinedValue(this.#place(node, around), name);
      return found;
    });
    const domain = canonicalDomain(node.domain);
    const call = this.#functions.get(keyOf(domain, node.opType, node.overload));
    const attributes = readAttributes(node.attribute, around.attributes);
    if (call !== undefined) return this.#inlineFunction(call, node, inputs, attributes, around);
    const importer = importers.get(domain)?.get(node.opType);
    if (importer === undefined) {
      this.unsupported.push(this.#describe(node, around));
      return undefined;
    }
    const opset = around.opsets.get(domain);
    if (opset === undefined && domain === '') {
      throw ingest.invalidModel(this.#place(node, around), 'it uses operators of ONNX but imports no version of them');
    }
    if (inputs.includes('poisoned')) return undefined;
    const view = new OnnxNode(
      {
        op: node.opType,
        name: around.prefix + nameOfNode(node),
        opset: opset ?? 1,
        file: this.#file,
        attributes,
        inputs: inputs.map((binding) => (typeof binding === 'number' ? binding : undefined)),
        inputNames: node.input,
        outputNames: node.output,
        inline: (graph) => this.#inlineGraph(graph, scope, around),
      },
      this.#builder,
    );
    const first = this.#builder.nextId;
    const results = this.#attempt(node, view, around, () => importer(view));
    if (results === undefined) return undefined;
    const list = typeof results === 'number' ? [results] : results;
    if (node.output.some((name, i) => name !== '' && list[i] === undefined)) {
      this.unsupported.push(`${this.#describe(node, around)}: output ${list.length}`);
      return undefined;
    }
    list.forEach((id, i) => {
      const name = node.output[i] ?? '';
      if (id >= first && name !== '') this.#builder.rename(id, around.prefix + name);
    });
    return list;
  }

  /** Runs an importer; what it cannot do is collected, what does not fit is thrown with its place. */
  #attempt<T>(node: NodeProto, view: OnnxNode, around: Surroundings, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      if (error instanceof Poisoned) return undefined;
      if (error instanceof Unsupported) {
        this.unsupported.push(`${this.#describe(node, around)}: ${error.message}`);
        return undefined;
      }
      if (error instanceof UnknownAtBuild) {
        this.unknown.push(`${this.#describe(node, around)}: ${error.message}`);
        return undefined;
      }
      if (error instanceof OpError) {
        const inputs = view.inputs.flatMap((id, i) =>
          id === undefined ? [] : [`input "${node.input[i] ?? ''}" is ${printType(view.type(id))}`],
        );
        throw ingest.refusedNode(this.#place(node, around), error.message, inputs);
      }
      if (error instanceof LccError) throw error;
      throw bug(`importing ${this.#describe(node, around)} failed`, error);
    }
  }

  #inlineGraph(graph: GraphProto, outer: Scope, around: Surroundings): ValueId[] {
    return this.#importGraph(graph, new Scope(outer), around).map((id) => {
      if (id === undefined) throw new Poisoned();
      return id;
    });
  }

  /** A call becomes the function's body, its inputs and attributes bound to the caller's (ONNX IR, Functions). */
  #inlineFunction(
    call: FunctionProto,
    node: NodeProto,
    inputs: readonly Binding[],
    attributes: OnnxAttributes,
    around: Surroundings,
  ): readonly (ValueId | undefined)[] {
    if (around.calls.includes(call)) {
      throw ingest.invalidModel(this.#place(node, around), `the function ${call.name} calls itself`);
    }
    if (inputs.length > call.input.length) {
      const counts = `${inputs.length} inputs, the function ${call.name} takes ${call.input.length}`;
      throw ingest.invalidModel(this.#place(node, around), `the node has ${counts}`);
    }
    const scope = new Scope();
    call.input.forEach((name, i) => {
      scope.define(name, inputs[i] ?? 'absent');
    });
    this.#importNodes(call.node, call.valueInfo, scope, {
      opsets: new Map([...around.opsets, ...readOpsets(call.opsetImport)]),
      attributes: new Map([...readAttributes(call.attributeProto), ...attributes]),
      calls: [...around.calls, call],
      prefix: `${around.prefix}${nameOfNode(node)}/`,
    });
    return call.output.map((name) => {
      const binding = scope.find(name);
      if (binding === undefined) throw ingest.undefinedValue(this.#place(node, around), name);
      return typeof binding === 'number' ? binding : undefined;
    });
  }

  #checkDeclared(declaration: ValueInfoProto, id: ValueId, node: NodeProto, around: Surroundings): void {
    const declared = declaredType(declaration.type);
    const type = this.#builder.type(id);
    if (declared === undefined || declared.elementType === 'undefined' || isDeclaredAs(type, declared)) return;
    const value = `"${declaration.name}"`;
    throw ingest.contradictedType(this.#place(node, around), value, printDeclared(declared), printType(type));
  }

  #place(node: NodeProto, around: Surroundings) {
    return { file: this.#file, node: around.prefix + nameOfNode(node), op: operatorName(node) };
  }

  #describe(node: NodeProto, around: Surroundings): string {
    return `node "${around.prefix}${nameOfNode(node)}" (${operatorName(node)})`;
  }
}

const operatorName = (node: NodeProto): string =>
  canonicalDomain(node.domain) === '' ? node.opType : `${node.domain}:${node.opType}`;

const keyOf = (domain: string, name: string, overload: string): string =>
  JSON.stringify([canonicalDomain(domain), name, overload]);
