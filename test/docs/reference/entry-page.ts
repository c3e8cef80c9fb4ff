import { type ExportedDeclarations, Node, type Project } from 'ts-morph';
import { type Described, describeDeclaration } from './declaration.ts';
import { findNamedTypes, type NamedType } from './named-types.ts';

/** Something to import, and what the reference says of it. */
export interface Entry {
  /** as an import names it, such as `lcc/recipe` */
  readonly specifier: string;
  /** file of the repository */
  readonly source: string;
  readonly introduction: string;
}

/** An exported name, and what it stands for. */
export type Exported = readonly [name: string, declaration: ExportedDeclarations];

/** Everything that an entry exports, the functions of an exported record of functions included (`models.mlp`). */
export function exportsOf(project: Project, { source }: Entry): Exported[] {
  const exported = project.getSourceFileOrThrow(source).getExportedDeclarations();
  return [...exported].flatMap(([name, declarations]) =>
    declarations.flatMap((declaration) => [[name, declaration] as const, ...membersOf(name, declaration)]),
  );
}

/** Of `const models = { mlp, cnn } as const` the functions, by `models.mlp`. */
function membersOf(name: string, declaration: ExportedDeclarations): Exported[] {
  if (!Node.isVariableDeclaration(declaration)) return [];
  const value = declaration.getInitializer();
  const record = Node.isAsExpression(value) ? value.getExpression() : value;
  if (!Node.isObjectLiteralExpression(record)) return [];
  return record.getProperties().flatMap((property): Exported[] => {
    if (!Node.isShorthandPropertyAssignment(property)) return [];
    const symbol = property.getValueSymbol();
    const [target] = (symbol?.getAliasedSymbol() ?? symbol)?.getDeclarations() ?? [];
    return Node.isFunctionDeclaration(target) || Node.isVariableDeclaration(target)
      ? [[`${name}.${property.getName()}`, target]]
      : [];
  });
}

/** What a page shows beside what the entry exports: types that those name. */
export interface EntryPage {
  readonly entry: Entry;
  readonly exported: readonly Exported[];
  readonly named: readonly NamedType[];
}

/**
 * Pages of entries in their order. A type stands on one page: that of the entry that exports it, else of the first that names
 * it. How graphs, kernels and measuring browsers are represented inside is on none, and what bundles export on a page of its own.
 */
export function makeEntryPages(project: Project, entries: readonly Entry[]): EntryPage[] {
  const exporting = entries.map((entry) => ({ entry, exported: exportsOf(project, entry) }));
  const shown = new Set<Node>(exporting.flatMap(({ exported }) => exported.map(([, declaration]) => declaration)));
  return exporting.map(({ entry, exported }) => {
    const named = findNamedTypes(
      exported.map(([, declaration]) => declaration),
      (declaration) => shown.has(declaration) || isInner(declaration),
    );
    for (const { declaration } of named) shown.add(declaration);
    return { entry, exported, named };
  });
}

const inner =
  /\/(runtime|generated|compiler\/(kernel|ops|linalg|6-budget\/(browser|device)))\/|\/compiler\/ir\/program\.ts$/;
const isInner = (declaration: Node): boolean => inner.test(declaration.getSourceFile().getFilePath());

/** Values come first, then their types, then types that those name. */
export function printEntryPage({ entry, exported, named }: EntryPage): string {
  const isValue = ([, declaration]: Exported): boolean =>
    !Node.isInterfaceDeclaration(declaration) && !Node.isTypeAliasDeclaration(declaration);
  return [
    `# \`${entry.specifier}\``,
    '',
    entry.introduction,
    '',
    ...exported.filter(isValue).map(printExported),
    ...exported.filter((one) => !isValue(one)).map(printExported),
    ...(named.length === 0 ? [] : ['## Types that these name', '']),
    ...named.map(({ name, declaration }) => print(describeDeclaration(name, declaration), '###')),
  ].join('\n');
}

const printExported = ([name, declaration]: Exported): string => print(describeDeclaration(name, declaration), '##');

const print = ({ name, doc, code }: Described, heading: string): string =>
  [`${heading} ${name}`, '', ...(doc === '' ? [] : [asMarkdown(doc), '']), '```ts', code, '```', ''].join('\n');

/** Formulas that a comment indents stay as they are; tags become words. */
const asMarkdown = (doc: string): string =>
  doc
    .replaceAll(/^\s*@throws /gm, '\nThrows ')
    .replaceAll(/ @throws /g, ' Throws ')
    .replaceAll(/(?:^|\s)@param (\w+) /g, ' `$1`: ')
    .trim();
