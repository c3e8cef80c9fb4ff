import type { TrialMemory } from '../3-compress/plan/trial-memory.ts';
import type { Remembered } from '../3-compress/remembered.ts';

/** One answer: its kind, what was asked, and the answer as that kind has it. */
export type Entry = readonly [kind: keyof TrialMemory, question: string, answer: unknown];

/** What is remembered in this process, in the order in which it was found out. */
export interface LoggedMemory extends TrialMemory {
  /** entries so far */
  readonly size: number;
  /** Those from the `first`-th on. */
  since(first: number): readonly Entry[];
  /** What another thread, or an earlier run, found out. */
  add(entries: readonly Entry[]): void;
}

/** Answers that JSON can hold; the first of a question stays. */
export function makeMemory(): LoggedMemory {
  const log: Entry[] = [];
  const adders = new Map<keyof TrialMemory, (question: string, answer: unknown) => void>();
  const open = <T>(kind: keyof TrialMemory): Remembered<T> => {
    const all = new Map<string, T>();
    const remember = (question: string, answer: T): void => {
      if (all.has(question) || !isJson(answer)) return;
      all.set(question, answer);
      log.push([kind, question, answer]);
    };
    // entries come from `since` alone, of this compiler's same version
    adders.set(kind, (question, answer) => remember(question, answer as T));
    return { recall: (question) => all.get(question), remember };
  };
  return {
    sensitivities: open('sensitivities'),
    places: open('places'),
    taken: open('taken'),
    readers: open('readers'),
    encodings: open('encodings'),
    made: open('made'),
    attentions: open('attentions'),
    figures: open('figures'),
    errors: open('errors'),
    get size() {
      return log.length;
    },
    since: (first) => log.slice(first),
    add(entries) {
      for (const [kind, question, answer] of entries) adders.get(kind)?.(question, answer);
    },
  };
}

/** Whether it came from `since`, as far as can be told; kinds that there are not are not added. */
export const areEntries = (value: unknown): value is Entry[] =>
  Array.isArray(value) &&
  value.every((entry) => Array.isArray(entry) && entry.length === 3 && entry.slice(0, 2).every(isText));

const isText = (value: unknown): boolean => typeof value === 'string';

/** JSON has no other numbers. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isJson);
}
