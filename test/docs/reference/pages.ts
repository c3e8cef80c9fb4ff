import { join } from 'node:path';
import { ModuleKind, ModuleResolutionKind, Project, ScriptTarget } from 'ts-morph';
import { repository } from '../../harness/source-imports.ts';
import { printBundlePage } from './bundle-page.ts';
import { printCommandPage } from './command-page.ts';
import { type Entry, makeEntryPages, printEntryPage } from './entry-page.ts';
import { printOperatorsPage } from './operators-page.ts';

/** What can be imported from the package, as its `exports` say. */
export const entries: readonly Entry[] = [
  {
    specifier: 'lcc',
    source: 'compiler/index.ts',
    introduction:
      'The library: what the command line does, as functions. Types that are not here are on the page of [`lcc/recipe`](lcc-recipe.md), or those of [a bundle](bundle.md).',
  },
  {
    specifier: 'lcc/recipe',
    source: 'compiler/recipe.ts',
    introduction:
      'What recipes are made of: networks, losses, optimisers, schedules, methods. See [Train](../train.md). Types that are not here are on the page of [`lcc`](lcc.md).',
  },
  {
    specifier: 'lcc/vite',
    source: 'compiler/plugin/vite.ts',
    introduction:
      'The plugin for Vite, its default export. See [Ship](../ship.md). Types that are not here are on the page of [`lcc`](lcc.md).',
  },
  {
    specifier: 'lcc/rollup',
    source: 'compiler/plugin/rollup.ts',
    introduction:
      'The plugin for Rollup, its default export. See [Ship](../ship.md). Types that are not here are on the page of [`lcc`](lcc.md).',
  },
];

/** The sources of the package as they stand, without what they import from elsewhere. */
export function readSources(): Project {
  const project = new Project({
    skipAddingFilesFromTsConfig: true,
    skipFileDependencyResolution: true,
    compilerOptions: {
      noResolve: true,
      noLib: true,
      types: [],
      target: ScriptTarget.ES2022,
      module: ModuleKind.NodeNext,
      moduleResolution: ModuleResolutionKind.NodeNext,
      allowImportingTsExtensions: true,
      noEmit: true,
    },
  });
  project.addSourceFilesAtPaths(
    ['compiler', 'runtime', 'targets'].map((folder) => join(repository, folder, '**/*.ts')),
  );
  return project;
}

/** The pages of docs/api by name. */
export async function makePages(project = readSources()): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['command-line.md', await printCommandPage()],
    ['bundle.md', printBundlePage()],
    ['operators.md', printOperatorsPage()],
    ...makeEntryPages(project, entries).map(
      (page) => [`${page.entry.specifier.replace('/', '-')}.md`, printEntryPage(page)] as const,
    ),
  ]);
}
