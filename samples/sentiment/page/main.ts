import { load, type Model } from '../model/index.js';
import { explain, type Run, tokensOf } from './explain.ts';
import { makeResult } from './result.ts';
import { parseVocabulary } from './vocabulary.ts';
import { wordsOf } from './words.ts';

const examples = [
  'A warm, funny film that finds its heart without ever losing its wit.',
  "It's a dull, lifeless mess, and I couldn't wait for it to end.",
  'The acting is superb, but the plot is thin and the jokes fall flat.',
  'Not a good film.',
];

const text = requireElement('text', HTMLTextAreaElement);
const another = requireElement('another', HTMLButtonElement);
const backend = requireElement('backend', HTMLElement);
const time = requireElement('time', HTMLElement);
const message = requireElement('message', HTMLElement);
const result = makeResult({
  answer: requireElement('answer', HTMLElement),
  share: requireElement('share', HTMLProgressElement),
  words: requireElement('words', HTMLElement),
  sum: requireElement('sum', HTMLElement),
});

let isReading = false;
const opening = Promise.all([load(), fetchVocabulary()]);

text.addEventListener('input', () => void read());
another.addEventListener('click', () => {
  text.value = examples[(examples.indexOf(text.value) + 1) % examples.length] ?? '';
  void read();
});
if (text.value === '') text.value = examples[0] ?? '';
await read();

/** Reads the text, once at a time; what is typed meanwhile is read after. */
async function read(): Promise<void> {
  if (isReading) return;
  isReading = true;
  try {
    await readNewest();
  } catch (error) {
    message.textContent = error instanceof Error ? error.message : String(error);
  }
  isReading = false;
}

async function readNewest(): Promise<void> {
  const [model, vocabulary] = await opening;
  backend.textContent = model.backend;
  const run: Run = async (tokens) => (await model.run({ tokens })).logits;
  for (let done: string | undefined; done !== text.value; ) {
    done = text.value;
    const words = wordsOf(done);
    if (words.length > 0) {
      result.show(await explain(words, vocabulary, run), words.length);
      time.textContent = formatTime(await timeRun(model, tokensOf(words, vocabulary)));
    } else {
      result.clear();
      time.textContent = '–';
    }
  }
}

/** Milliseconds. Browsers round their clocks to as much as a millisecond: the mean of as many runs as fit into four. */
async function timeRun(model: Model, tokens: Int32Array): Promise<number> {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    await model.run({ tokens });
    const ms = performance.now() - start;
    if (ms >= 4) return ms / runs;
  }
}

function formatTime(ms: number): string {
  return ms < 1 ? `${Math.round(1000 * ms)} µs` : `${ms.toFixed(1)} ms`;
}

async function fetchVocabulary() {
  const answer = await fetch('vocabulary.txt');
  if (!answer.ok) throw new Error(`vocabulary.txt: ${answer.status}`);
  return parseVocabulary(await answer.text());
}

function requireElement<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} "${id}"`);
}
