import { load, type Model } from '../model/index.js';
import { makePad } from './pad.ts';
import { makeResult } from './result.ts';
import { strokesToImage } from './strokes-to-image.ts';

const pad = requireElement('pad', HTMLCanvasElement);
const hint = requireElement('hint', HTMLElement);
const clear = requireElement('clear', HTMLButtonElement);
const choice = requireElement('choice', HTMLSelectElement);
const backend = requireElement('backend', HTMLElement);
const time = requireElement('time', HTMLElement);
const message = requireElement('message', HTMLElement);
const result = makeResult(
  requireElement('answer', HTMLElement),
  requireElement('bars', HTMLElement),
  requireElement('seen', HTMLCanvasElement),
);

let model: Model | undefined;
/** What is on the pad, or undefined when it is empty. */
let image: Float32Array | undefined;
let reading: Promise<void> | undefined;

const drawing = makePad(pad, (strokes) => {
  image = strokesToImage(strokes);
  hint.hidden = image !== undefined;
  clear.disabled = image === undefined;
  void read();
});
clear.addEventListener('click', () => drawing.clear());
choice.addEventListener('change', () => void open());
result.clear();
await open();

/** Loads the model on the chosen backend and lets it read what is drawn. */
async function open(): Promise<void> {
  choice.disabled = true;
  backend.textContent = '…';
  message.textContent = '';
  const wanted = choice.value === 'wasm' || choice.value === 'webgpu' ? choice.value : 'auto';
  const onFallback = (reason: string) => {
    message.textContent = `WebGPU did not start, so wasm runs: ${reason}`;
  };
  try {
    const opened = await load({ backend: wanted, onFallback });
    const former = model;
    model = opened;
    await reading;
    former?.dispose();
  } catch (error) {
    tell(error);
    backend.textContent = 'nothing';
  }
  choice.disabled = false;
  await read();
}

/** Reads what is drawn, once at a time; what is drawn meanwhile is read after. */
function read(): Promise<void> {
  reading ??= readNewest()
    .catch(tell)
    .finally(() => {
      reading = undefined;
    });
  return reading;
}

async function readNewest(): Promise<void> {
  for (let done: Float32Array | undefined | null = null; model && done !== image; ) {
    done = image;
    await readOnce(model, done);
  }
}

async function readOnce(running: Model, picture: Float32Array | undefined): Promise<void> {
  if (picture) {
    const { probabilities, ms } = await timeRuns(running, picture);
    if (image === picture) result.show(picture, probabilities);
    time.textContent = ms < 1 ? `${Math.round(1000 * ms)} µs` : `${ms.toFixed(1)} ms`;
  } else {
    result.clear();
    time.textContent = '–';
  }
  backend.textContent = running.backend === 'webgpu' ? 'WebGPU' : 'wasm';
}

/** Browsers round their clocks to as much as a millisecond: the mean of as many runs as fit into four. */
async function timeRuns(running: Model, picture: Float32Array) {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    const { probabilities } = await running.run({ image: picture });
    const ms = performance.now() - start;
    if (ms >= 4) return { probabilities, ms: ms / runs };
  }
}

function tell(error: unknown): void {
  message.textContent = error instanceof Error ? error.message : String(error);
}

function requireElement<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} "${id}"`);
}
