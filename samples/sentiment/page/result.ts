import { type Explanation, longest, type Part, probabilityOf } from './explain.ts';

/** Colours are full at the largest part of a text, or at this where all are smaller. */
const least = 0.25;

/** The elements that show an answer. */
export interface Places {
  readonly answer: HTMLElement;
  readonly share: HTMLProgressElement;
  readonly words: HTMLElement;
  readonly sum: HTMLElement;
}

export interface Result {
  /** @param count words of the text, those that the model does not read too */
  show(explanation: Explanation, count: number): void;
  clear(): void;
}

/** The answer with its probability, the words with what each adds, and how they add up. */
export function makeResult({ answer, share, words, sum }: Places): Result {
  return {
    show(explanation, count) {
      const positive = probabilityOf(explanation.logOdds);
      const isPositive = positive >= 0.5;
      answer.textContent = `${isPositive ? 'positive' : 'negative'} ${percent(isPositive ? positive : 1 - positive)}`;
      share.value = positive;
      const largest = Math.max(least, ...explanation.parts.map(({ adds }) => Math.abs(adds)));
      words.replaceChildren(...explanation.parts.map((part) => makeWord(part, largest)));
      sum.textContent = describeSum(explanation, count);
    },
    clear() {
      answer.textContent = '–';
      share.value = 0.5;
      words.replaceChildren();
      sum.textContent = '';
    },
  };
}

function makeWord({ word, isKnown, adds }: Part, largest: number): HTMLElement {
  const item = document.createElement('li');
  const text = document.createElement('span');
  const number = document.createElement('span');
  text.textContent = word;
  number.textContent = signed(adds);
  item.classList.add(adds < 0 ? 'negative' : 'positive');
  item.style.setProperty('--strength', (Math.abs(adds) / largest).toFixed(3));
  if (!isKnown) {
    item.classList.add('unknown');
    item.title = 'not in the vocabulary: read as any unknown word';
  }
  item.append(text, number);
  return item;
}

function describeSum({ start, parts, logOdds }: Explanation, count: number): string {
  const words = parts.reduce((sum, { adds }) => sum + adds, 0);
  const cut = count > longest ? ` The model reads ${longest} words; ${count - longest} more were left out.` : '';
  return `No words ${signed(start)}, all words ${signed(words)}: together ${signed(logOdds)}, which is ${percent(probabilityOf(logOdds))} positive.${cut}`;
}

/** Two digits behind the point and a sign, which nothing has. */
function signed(value: number): string {
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? '−' : '+'}${digits}`;
}

/** Whole percent; what is not certain is not called so. */
const percent = (share: number): string => `${Math.min(99, Math.max(1, Math.round(100 * share)))}\u00a0%`;
