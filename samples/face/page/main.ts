import { load, type Model } from '../model/index.js';
import { type Camera, openCamera } from './camera.ts';
import { type Detections, facesOf } from './faces.ts';
import type { Fit } from './input.ts';
import { makeStage } from './stage.ts';

const frame = requireElement('frame', HTMLElement);
const file = requireElement('file', HTMLInputElement);
const cameraButton = requireElement('camera', HTMLButtonElement);
const answer = requireElement('answer', HTMLElement);
const least = requireElement('least', HTMLInputElement);
const leastValue = requireElement('least-value', HTMLElement);
const choice = requireElement('choice', HTMLSelectElement);
const backend = requireElement('backend', HTMLElement);
const time = requireElement('time', HTMLElement);
const message = requireElement('message', HTMLElement);
const stage = makeStage(frame, requireElement('picture', HTMLCanvasElement), requireElement('faces', HTMLElement));

let model: Model | undefined;
let camera: Camera | undefined;
/** What the model gave for what is shown. */
let found: { readonly detections: Detections; readonly fit: Fit } | undefined;
/** Runs go one after the other. */
let working = Promise.resolve();

file.addEventListener('change', () => {
  const [picture] = file.files ?? [];
  if (picture) void showPicture(picture);
  // The same picture may be chosen again.
  file.value = '';
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  frame.classList.add('target');
});
document.addEventListener('dragleave', () => frame.classList.remove('target'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  frame.classList.remove('target');
  const [picture] = event.dataTransfer?.files ?? [];
  if (picture) void showPicture(picture);
});
cameraButton.addEventListener('click', () => (camera ? stopCamera() : void runCamera()));
least.addEventListener('input', mark);
choice.addEventListener('change', () => void open());
mark();
await open();

/** Loads the model on the chosen backend and lets it look at what is shown. */
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
    await working;
    former?.dispose();
  } catch (error) {
    tell(error);
  }
  choice.disabled = false;
  backend.textContent = nameBackend();
  await find();
}

async function showPicture(picture: File): Promise<void> {
  message.textContent = '';
  try {
    const bitmap = await createImageBitmap(picture).catch(() => {
      throw new Error(`${picture.name} is no picture that this browser can show.`);
    });
    stopCamera();
    stage.draw(bitmap, bitmap, false);
    bitmap.close();
    frame.classList.add('filled');
    await find();
  } catch (error) {
    tell(error);
  }
}

/** Until it is stopped, each frame is drawn, then looked at. */
async function runCamera(): Promise<void> {
  message.textContent = '';
  cameraButton.disabled = true;
  try {
    const opened = await openCamera();
    camera = opened;
    cameraButton.disabled = false;
    cameraButton.textContent = 'Stop the camera';
    frame.classList.add('filled');
    while (camera === opened) {
      const { video, isSelf } = opened;
      stage.draw(video, { width: video.videoWidth, height: video.videoHeight }, isSelf);
      await find();
      await opened.nextFrame();
    }
  } catch (error) {
    tell(error);
  }
  cameraButton.disabled = false;
}

function stopCamera(): void {
  camera?.stop();
  camera = undefined;
  cameraButton.textContent = 'Use the camera';
}

/** Lets the model look at what is shown. */
function find(): Promise<void> {
  working = working.then(findOnce).catch(tell);
  return working;
}

async function findOnce(): Promise<void> {
  if (!model || !frame.classList.contains('filled')) return;
  const { input, fit } = stage.read();
  const { detections, ms } = await timeRuns(model, input, camera ? 0 : 20);
  time.textContent = `${ms.toFixed(1)} ms`;
  found = { detections, fit };
  backend.textContent = nameBackend();
  mark();
}

/** The mean of as many runs as fit into a time, at least one: browsers round their clocks to as much as a millisecond. */
async function timeRuns(running: Model, input: Float32Array, lasting: number) {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    const detections = await running.run({ input });
    const ms = performance.now() - start;
    if (ms >= lasting) return { detections, ms: ms / runs };
  }
}

/** Draws the boxes that reach the least score. */
function mark(): void {
  leastValue.textContent = Number(least.value).toFixed(2);
  if (!found) return;
  const faces = facesOf(found.detections, found.fit, Number(least.value));
  stage.mark(faces);
  const count = faces.length === 1 ? '1 face' : `${faces.length || 'No'} faces`;
  // Screen readers say what changes.
  if (answer.textContent !== count) answer.textContent = count;
}

function nameBackend(): string {
  if (!model) return 'nothing';
  return model.backend === 'webgpu' ? 'WebGPU' : 'wasm';
}

function tell(error: unknown): void {
  message.textContent = error instanceof Error ? error.message : String(error);
}

function requireElement<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${type.name} "${id}"`);
}
