import { type ClassDeclaration, type ExportedDeclarations, type JSDocableNode, Node, Scope } from 'ts-morph';

/** A declaration as the reference shows it: without bodies. */
export interface Described {
  readonly name: string;
  /** the doc comment without its stars; '' where there is none */
  readonly doc: string;
  readonly code: string;
}

/** @param name under which it is exported */
export const describeDeclaration = (name: string, declaration: ExportedDeclarations): Described => ({
  name,
  doc: docOf(declaration),
  code: codeOf(name, declaration),
});

/** Of a variable it stands at its statement. */
export function docOf(declaration: Node): string {
  const documented = Node.isVariableDeclaration(declaration) ? declaration.getVariableStatement() : declaration;
  return documented !== undefined && Node.isJSDocable(documented) ? textOfDocs(documented) : '';
}

const textOfDocs = (node: JSDocableNode): string =>
  node
    .getJsDocs()
    .map((doc) => doc.getInnerText().trim())
    .join('\n');

function codeOf(name: string, declaration: ExportedDeclarations): string {
  if (Node.isFunctionDeclaration(declaration)) return `function ${name}${signatureOf(declaration)}`;
  if (Node.isClassDeclaration(declaration)) return classOf(name, declaration);
  if (Node.isVariableDeclaration(declaration)) {
    const value = declaration.getInitializer();
    if (Node.isArrowFunction(value)) return `function ${name}${signatureOf(value)}`;
    return `const ${name} = ${value?.getText() ?? declaration.getTypeNode()?.getText() ?? ''}`;
  }
  return declaration.getText().replace(/^export /, '');
}

type Callable = Node & {
  getTypeParameters(): readonly Node[];
  getParameters(): readonly Node[];
  getReturnTypeNode(): Node | undefined;
};

/** `<T>(a: A, b = 1): R`, as it is written. */
function signatureOf(callable: Callable): string {
  const types = callable.getTypeParameters().map((one) => one.getText());
  const parameters = callable.getParameters().map((one) => one.getText());
  const result = callable.getReturnTypeNode()?.getText();
  return `${types.length > 0 ? `<${types.join(', ')}>` : ''}(${parameters.join(', ')})${result === undefined ? '' : `: ${result}`}`;
}

/** What users of a class see. */
function classOf(name: string, declaration: ClassDeclaration): string {
  const members = declaration.getMembers().flatMap((member): string[] => {
    if (Node.isConstructorDeclaration(member)) return [`constructor${signatureOf(member)};`];
    if (
      !Node.isPropertyDeclaration(member) &&
      !Node.isMethodDeclaration(member) &&
      !Node.isGetAccessorDeclaration(member)
    )
      return [];
    if (member.getName().startsWith('#') || member.getScope() === Scope.Private) return [];
    if (Node.isPropertyDeclaration(member)) return [member.getText().replace(/ = .*;$/s, ';')];
    const result = member.getReturnTypeNode()?.getText() ?? '';
    return [
      Node.isMethodDeclaration(member)
        ? `${member.getName()}${signatureOf(member)};`
        : `readonly ${member.getName()}: ${result};`,
    ];
  });
  const base = declaration.getExtends()?.getText();
  return `class ${name}${base === undefined ? '' : ` extends ${base}`} {\n${members.map((member) => `  ${member}\n`).join('')}}`;
}
