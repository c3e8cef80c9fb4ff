import { type InterfaceDeclaration, Project, type SourceFile, type TypeAliasDeclaration } from 'ts-morph';
import type { Port } from '../ir/program.ts';
import { codecOf, codecs } from './codecs.ts';
import type { ModelCode } from './model-code.ts';
import { printKey } from './print-literal.ts';
import { runtimeTypes } from './runtime-files.ts';

/** index.d.ts: this model's names, array classes and shapes; what all models share is copied from the runtime's own types. */
export function printTypes(code: ModelCode): string {
  const { program, target } = code;
  const runtime = new Project({ skipFileDependencyResolution: true, skipAddingFilesFromTsConfig: true });
  const read = (name: string): SourceFile => runtime.addSourceFileAtPath(runtimeTypes(name));
  const file = new Project({ useInMemoryFileSystem: true }).createSourceFile('index.d.ts');
  const printTensors = (name: string, doc: string, ports: readonly Port[]): void => {
    file.addInterface({
      name,
      isExported: true,
      docs: [doc],
      properties: ports.map((port) => ({
        name: printKey(port.name),
        type: codecs[codecOf(port, target)].array,
        docs: [`${port.dtype}[${port.shape.join(',')}]`],
      })),
    });
  };

  file.addStatements(`// ${program.name.replaceAll(/\s+/g, ' ')}, compiled by lcc for ${target.name}.`);
  printTensors('Feeds', 'What a run takes: every input, by its name in the model file.', program.inputs);
  printTensors('Results', 'What a run gives: fresh arrays, by their names in the model file.', program.outputs);
  file.addFunction({
    name: 'load',
    isExported: true,
    hasDeclareKeyword: true,
    parameters: [{ name: 'options', type: 'LoadOptions', hasQuestionToken: true }],
    returnType: 'Promise<Model>',
    docs: ['Reads weights and code and makes the model ready to run. Rejects with LccRuntimeError.'],
  });

  const model = read('model');
  const run = model.getInterfaceOrThrow('Model').getMethodOrThrow('run');
  run.getParameterOrThrow('feeds').setType('Feeds');
  run.getParameterOrThrow('results').setType('Partial<Results>');
  run.setReturnType('Promise<Results>');
  const shared: readonly (InterfaceDeclaration | TypeAliasDeclaration)[] = [
    model.getInterfaceOrThrow('Model'),
    model.getInterfaceOrThrow('Port'),
    read('codec').getTypeAliasOrThrow('DType'),
    ...declarationsOf(read('options'), ['LoadOptions'], ['Source']),
    read('error').getTypeAliasOrThrow('RuntimeErrorCode'),
  ];
  file.addStatements(shared.map((declaration) => declaration.getFullText().trim()));
  file.addClass({
    name: 'LccRuntimeError',
    isExported: true,
    hasDeclareKeyword: true,
    extends: 'Error',
    docs: ['What `load` and `run` reject with; `code` is stable.'],
    properties: [{ name: 'code', isReadonly: true, type: 'RuntimeErrorCode' }],
  });
  file.formatText({ indentSize: 2 });
  return file.getFullText();
}

const declarationsOf = (file: SourceFile, interfaces: readonly string[], aliases: readonly string[]) => [
  ...interfaces.map((name) => file.getInterfaceOrThrow(name)),
  ...aliases.map((name) => file.getTypeAliasOrThrow(name)),
];
