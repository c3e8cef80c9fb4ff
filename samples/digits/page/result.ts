import { side } from './strokes-to-image.ts';

/** Below this probability the answer is shown as a guess. */
const sure = 0.6;

export interface Result {
  show(image: Float32Array, probabilities: Float32Array): void;
  clear(): void;
}

/** The answer, a bar per digit, and the picture that the model sees. */
export function makeResult(answer: HTMLElement, list: HTMLElement, seen: HTMLCanvasElement): Result {
  const context = seen.getContext('2d');
  const bars = Array.from({ length: 10 }, (_, digit) => makeBar(list, digit));
  const showBars = (probabilities: Float32Array, best: number) => {
    bars.forEach((bar, digit) => {
      bar.show(probabilities[digit] ?? 0, digit === best);
    });
  };
  return {
    show(image, probabilities) {
      const highest = Math.max(...probabilities);
      const best = probabilities.indexOf(highest);
      answer.textContent = String(best);
      answer.classList.toggle('unsure', highest < sure);
      showBars(probabilities, best);
      const picture = new ImageData(side, side);
      image.forEach((ink, i) => {
        picture.data.fill(Math.round(255 * ink), 4 * i, 4 * i + 3);
        picture.data[4 * i + 3] = 255;
      });
      context?.putImageData(picture, 0, 0);
    },
    clear() {
      answer.textContent = '–';
      answer.classList.add('unsure');
      showBars(new Float32Array(10), -1);
      context?.clearRect(0, 0, side, side);
    },
  };
}

function makeBar(list: HTMLElement, digit: number) {
  const item = document.createElement('li');
  const bar = document.createElement('progress');
  const percent = document.createElement('span');
  const name = document.createElement('span');
  name.textContent = String(digit);
  bar.setAttribute('aria-label', `probability of ${digit}`);
  item.append(name, bar, percent);
  list.append(item);
  return {
    show(probability: number, isBest: boolean) {
      bar.value = probability;
      percent.textContent = `${Math.round(100 * probability)} %`;
      item.classList.toggle('best', isBest);
    },
  };
}
