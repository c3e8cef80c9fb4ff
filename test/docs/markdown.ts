import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../harness/source-imports.ts';

export interface Document {
  /** relative to the repository */
  readonly path: string;
  readonly text: string;
}

/** README.md and the guides; the generated reference is a copy of what is tested elsewhere. */
export const guides: readonly Document[] = [
  'README.md',
  ...readdirSync(join(repository, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, text: readFileSync(join(repository, path), 'utf8') }));

export interface CodeBlock {
  /** such as `json`; '' for an indented block */
  readonly language: string;
  readonly text: string;
}

/** Fenced blocks, and blocks that four spaces indent. */
export function codeBlocksOf(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let fence: string | undefined;
  let lines: string[] = [];
  const finish = (language: string): void => {
    const text = lines.join('\n').trim();
    if (text !== '') blocks.push({ language, text });
    lines = [];
  };
  for (const line of markdown.split('\n')) {
    const [, mark] = /^```(\w*)\s*$/.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark === undefined) lines.push(line);
      else {
        finish(fence);
        fence = undefined;
      }
    } else if (line.startsWith('    ')) lines.push(line.slice(4));
    else if (line.trim() === '' && lines.length > 0) lines.push('');
    else {
      finish('');
      fence = mark;
    }
  }
  finish(fence ?? '');
  return blocks;
}

/** What stands between single backquotes outside of code blocks. */
export const codeSpansOf = (markdown: string): string[] =>
  [...proseOf(markdown).matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|'));

/** Targets of links, as they are written. */
export const linksOf = (markdown: string): string[] =>
  [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);

/** As GitHub makes anchors of headings. */
export const anchorsOf = (markdown: string): string[] =>
  [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const withoutFences = (markdown: string): string => markdown.replaceAll(/^```.*?^```/gms, '');
const proseOf = (markdown: string): string => withoutFences(markdown).replaceAll(/^ {4}.*$/gm, '');

/** How command lines begin where other lines stand between them. */
const prompts: Readonly<Record<string, RegExp>> = {
  text: /^\$ (.*)$/,
  yaml: /^\s*- (?:run: )?(.*)$/,
};

/** Command lines of a block, those that go on after a backslash joined, as the words of each command. */
export const commandsIn = ({ language, text }: CodeBlock): string[][] =>
  text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => (prompts[language] ?? /^(.*)$/).exec(line)?.[1] ?? [])
    .flatMap((line) => splitCommands(wordsOf(line)));

/** Words as a shell takes them, without a comment; what `'` and `"` hold is one. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [, single, double, bare = ''] of line.matchAll(/(?:'([^']*)'|"([^"]*)"|(\S+))/g)) {
    if (bare.startsWith('#')) break;
    words.push(single ?? double ?? bare);
  }
  return words;
}

function splitCommands(words: readonly string[]): string[][] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (['&&', '||', '|', ';'].includes(word)) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands;
}

/** The words after `lcc`, or `npx lcc` or `FSDD=<file> npx lcc`; undefined for other commands. */
export function argumentsOfLcc(words: readonly string[]): string[] | undefined {
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const [first, second] = words.slice(start);
  if (first === 'lcc') return words.slice(start + 1);
  return first === 'npx' && second === 'lcc' ? words.slice(start + 2) : undefined;
}
