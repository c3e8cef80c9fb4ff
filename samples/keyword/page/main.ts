import { featuresOf, findLoudestSecond, rate, secondFrom } from '../features.ts';
import { load, type Model } from '../model/index.js';
import { record } from './microphone.ts';
import { decode, resample } from './resample.ts';
import { makeResult } from './result.ts';
import { softmax } from './softmax.ts';
import { makeSoundView } from './sound-view.ts';

/** Recorded at most; less where the button is pressed again. */
const seconds = 2;
/** A sound whose loudest sample is below this holds no word. */
const quietest = 0.002;

const section = requireElement('sound', HTMLElement);
const button = requireElement('record', HTMLButtonElement);
const action = requireElement('action', HTMLElement);
const file = requireElement('file', HTMLInputElement);
const hint = requireElement('hint', HTMLElement);
const message = requireElement('message', HTMLElement);
const backend = requireElement('backend', HTMLElement);
const runTime = requireElement('time', HTMLElement);
const featuresTime = requireElement('features-time', HTMLElement);
const result = makeResult(
  requireElement('answer', HTMLElement),
  requireElement('word', HTMLElement),
  requireElement('bars', HTMLElement),
);
const view = makeSoundView(requireElement('wave', HTMLCanvasElement), requireElement('seen', HTMLCanvasElement));

/** What the button ends while the microphone records. */
let recording: AbortController | undefined;
let isBusy = false;

result.clear();
const model = await load().catch(tell);
if (model) start(model);

function start(running: Model): void {
  backend.textContent = running.backend;
  button.disabled = false;
  file.disabled = false;
  button.addEventListener('click', () => {
    if (recording) recording.abort();
    else void answer(running, listen);
  });
  file.addEventListener('change', () => void answer(running, () => open(file.files?.[0])));
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    section.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => section.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    section.classList.remove('dropping');
    void answer(running, () => open(event.dataTransfer?.files[0]));
  });
}

/** Gets a sound, at the model's rate, and says which digit it is; one at a time. */
async function answer(running: Model, getSound: () => Promise<Float32Array | undefined>): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  message.textContent = '';
  result.clear();
  try {
    const sound = await getSound();
    if (sound) await read(running, sound);
  } catch (error) {
    tell(error);
  }
  isBusy = false;
}

/** What the microphone hears. */
async function listen(): Promise<Float32Array> {
  recording = new AbortController();
  action.textContent = 'Opening…';
  try {
    const heard = await record({
      seconds,
      signal: recording.signal,
      onSound({ samples, rate }) {
        button.classList.add('recording');
        action.textContent = 'Say it now';
        hint.hidden = true;
        const whole = new Float32Array(seconds * rate);
        whole.set(samples);
        view.show({ samples: whole });
      },
    });
    return await resample(heard);
  } finally {
    recording = undefined;
    button.classList.remove('recording');
    action.textContent = 'Record';
  }
}

async function open(chosen: File | undefined): Promise<Float32Array | undefined> {
  if (!chosen) return undefined;
  file.value = '';
  return decode(chosen).catch(() => {
    throw new Error(`“${chosen.name}” is no sound that this browser can read.`);
  });
}

async function read(running: Model, samples: Float32Array): Promise<void> {
  hint.hidden = true;
  const start = findLoudestSecond(samples);
  const heard = { from: start / samples.length, to: (start + rate) / samples.length };
  const second = secondFrom(samples, start);
  if (second.every((v) => Math.abs(v) < quietest)) {
    view.show({ samples, heard });
    result.clear();
    throw new Error('It was too quiet to hear a digit.');
  }
  const features = await timeRuns(() => featuresOf(second));
  const outputs = await timeRuns(() => running.run({ image: features.value }));
  view.show({ samples, heard }, features.value);
  result.show(softmax(outputs.value.logits));
  featuresTime.textContent = printTime(features.ms);
  runTime.textContent = printTime(outputs.ms);
}

/** Browsers round their clocks to as much as a millisecond: the mean of as many runs as fit into four. */
async function timeRuns<T>(run: () => T | Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    const value = await run();
    const ms = performance.now() - start;
    if (ms >= 4) return { value, ms: ms / runs };
  }
}

const printTime = (ms: number): string => (ms < 1 ? `${Math.round(1000 * ms)} µs` : `${ms.toFixed(1)} ms`);

function tell(error: unknown): void {
  message.textContent = error instanceof Error ? error.message : String(error);
}

function requireElement<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} "${id}"`);
}
