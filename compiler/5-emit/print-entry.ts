import { Project, VariableDeclarationKind, type WriterFunction, Writers } from 'ts-morph';
import type { Port } from '../ir/program.ts';
import { besideModule } from './beside-module.ts';
import { codecOf } from './codecs.ts';
import { decodersOf } from './decoders.ts';
import { addressOf, describeWebGpu, fileOf, type ModelCode, type WasmFile } from './model-code.ts';
import { printLiteral, quote } from './print-literal.ts';

/** Where the entry module finds a file of the bundle: beside it, or inside it. */
export type Placing = 'beside' | 'inside';

/** Specifier under which the entry module imports the runtime; resolved when it is bundled. */
export const runtimeSpecifier = 'lcc-runtime';

/** The entry module before bundling: what this model is, said to the runtime. */
export function printEntry(code: ModelCode, placing: Placing): string {
  const { program, target } = code;
  const names = new Set<string>(['makeLoad', 'LccRuntimeError']);
  const use = (name: string): string => {
    names.add(name);
    return name;
  };
  const printFile = (file: string, bytes: Uint8Array): string =>
    placing === 'inside'
      ? `() => ${use('fromBase64')}(${quote(Buffer.from(bytes).toString('base64'))})`
      : `() => ${besideModule(file)}`;
  const printModule = (wasm: WasmFile, position: number): string => {
    const source = target.wasm.load === 'import' ? 'wasm' : printFile(fileOf(wasm.features), wasm.bytes);
    const probe = wasm.features === 'relaxed' ? 'hasRelaxedSimd' : 'hasSimd';
    return position === 0 ? `{ source: ${source} }` : `{ isSupported: ${use(probe)}, source: ${source} }`;
  };
  const printPorts = (ports: readonly Port[]): string =>
    `[${ports
      .map((port) => {
        const codec = use(codecOf(port, target));
        return `{ name: ${quote(port.name)}, codec: ${codec}, shape: ${printLiteral(port.shape)} }`;
      })
      .join(', ')}]`;

  const decoders = Object.entries(decodersOf(program.constants)).map(([form, name]) => `${form}: ${use(name)}`);
  const fields: Record<string, string | WriterFunction> = {
    inputs: printPorts(program.inputs),
    outputs: printPorts(program.outputs),
    weights: Writers.object({
      source: printFile('model.lcw', code.weights.bytes),
      bytes: String(code.weights.bytes.length),
      hash: printLiteral(code.weights.hash),
      ...(decoders.length > 0 && { decoders: `{ ${decoders.join(', ')} }` }),
    }),
    prefersWebGpu: String(code.prefersWebGpu),
  };
  if (code.webgpu) {
    fields.webgpu = `${use('webGpuBackend')}(${printLiteral(describeWebGpu(code.webgpu))})`;
  }
  if (code.wasm.length > 0) {
    const description = Writers.object({
      modules: `[${code.wasm.map(printModule).reverse().join(', ')}]`,
      constantBytes: String(program.constants.size),
      inputs: printLiteral(program.inputs.map((port) => addressOf(program, port.location))),
      outputs: printLiteral(program.outputs.map((port) => [addressOf(program, port.location), port.location.bytes])),
    });
    fields.wasm = (writer) => {
      writer.write(`${use('wasmBackend')}(`);
      description(writer);
      writer.write(')');
    };
  }

  const file = new Project({ useInMemoryFileSystem: true }).createSourceFile('entry.ts');
  const load: WriterFunction = (writer) => {
    writer.write('makeLoad(');
    Writers.object(fields)(writer);
    writer.write(')');
  };
  file.addVariableStatement({
    declarationKind: VariableDeclarationKind.Const,
    isExported: true,
    declarations: [{ name: 'load', initializer: load }],
  });
  file.addExportDeclaration({ namedExports: ['LccRuntimeError'] });
  if (code.wasm.length > 0 && target.wasm.load === 'import') {
    file.addImportDeclaration({ defaultImport: 'wasm', moduleSpecifier: './model.wasm' });
  }
  file.addImportDeclaration({ namedImports: [...names].sort(), moduleSpecifier: runtimeSpecifier });
  return file.getFullText();
}
