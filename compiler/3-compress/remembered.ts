/** Answers to questions that were found out earlier. */
export interface Remembered<T> {
  recall(question: string): T | undefined;
  remember(question: string, answer: T): void;
}

/** Remembers nothing. */
export const forgetful: Remembered<never> & Remembered<unknown> = { recall: () => undefined, remember: () => {} };

export function recallOr<T>(memory: Remembered<T>, question: string, find: () => T): T {
  const known = memory.recall(question);
  if (known !== undefined) return known;
  const found = find();
  memory.remember(question, found);
  return found;
}
