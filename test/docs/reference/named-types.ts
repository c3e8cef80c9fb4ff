import { type ExportedDeclarations, Node } from 'ts-morph';

/** A type that another names, and where it is declared. */
export interface NamedType {
  readonly name: string;
  readonly declaration: ExportedDeclarations;
}

/**
 * Types of lcc that declarations name, directly or through others, without those given and those that are told of `elsewhere`:
 * by name, in the order of the alphabet.
 */
export function findNamedTypes(
  declarations: readonly ExportedDeclarations[],
  elsewhere: (declaration: ExportedDeclarations) => boolean,
): NamedType[] {
  const seen = new Set<Node>(declarations);
  const found: NamedType[] = [];
  const queue = [...declarations];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const named of typesIn(next)) {
      if (seen.has(named.declaration) || elsewhere(named.declaration)) continue;
      seen.add(named.declaration);
      found.push(named);
      queue.push(named.declaration);
    }
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What stands in a declaration's types; bodies name nothing. */
function typesIn(declaration: ExportedDeclarations): NamedType[] {
  return shownPartsOf(declaration).flatMap((part) =>
    [part, ...part.getDescendants()].filter(Node.isIdentifier).flatMap((identifier) => {
      const parent = identifier.getParent();
      const isType = Node.isTypeReference(parent) || Node.isExpressionWithTypeArguments(parent);
      return isType ? declaredBy(identifier) : [];
    }),
  );
}

function shownPartsOf(declaration: ExportedDeclarations): readonly Node[] {
  if (Node.isVariableDeclaration(declaration)) {
    const value = declaration.getInitializer();
    return Node.isArrowFunction(value) ? signatureParts(value) : [];
  }
  if (Node.isFunctionDeclaration(declaration)) return signatureParts(declaration);
  if (!Node.isClassDeclaration(declaration)) return [declaration];
  return declaration
    .getMembers()
    .flatMap((member) =>
      Node.isPropertyDeclaration(member)
        ? [member.getTypeNode()].filter((node) => node !== undefined)
        : Node.isMethodDeclaration(member) || Node.isConstructorDeclaration(member)
          ? signatureParts(member)
          : [],
    );
}

const signatureParts = (callable: {
  getParameters(): readonly { getTypeNode(): Node | undefined }[];
  getReturnTypeNode(): Node | undefined;
}): Node[] =>
  [...callable.getParameters().map((parameter) => parameter.getTypeNode()), callable.getReturnTypeNode()].filter(
    (node) => node !== undefined,
  );

/** Interfaces, aliases and classes of this project. */
function declaredBy(identifier: Node): NamedType[] {
  const symbol = identifier.getSymbol();
  const target = symbol?.getAliasedSymbol() ?? symbol;
  return (target?.getDeclarations() ?? []).flatMap((declaration) =>
    Node.isInterfaceDeclaration(declaration) ||
    Node.isTypeAliasDeclaration(declaration) ||
    Node.isClassDeclaration(declaration)
      ? [{ name: target?.getName() ?? '', declaration }]
      : [],
  );
}
