/** Below this probability the answer is shown as a guess. */
const sure = 0.6;

const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

export interface Result {
  /** of each digit */
  show(probabilities: Float32Array): void;
  clear(): void;
}

/** The answer as a figure and a word, and a bar per digit. */
export function makeResult(answer: HTMLElement, word: HTMLElement, list: HTMLElement): Result {
  const bars = words.map((_, digit) => makeBar(list, digit));
  const showBars = (probabilities: Float32Array, best: number) => {
    bars.forEach((bar, digit) => {
      bar.show(probabilities[digit] ?? 0, digit === best);
    });
  };
  return {
    show(probabilities) {
      const highest = Math.max(...probabilities);
      const best = probabilities.indexOf(highest);
      answer.textContent = String(best);
      answer.classList.toggle('unsure', highest < sure);
      word.textContent = highest < sure ? `perhaps “${words[best]}”` : `“${words[best]}”`;
      showBars(probabilities, best);
    },
    clear() {
      answer.textContent = '–';
      answer.classList.add('unsure');
      word.textContent = '';
      showBars(new Float32Array(words.length), -1);
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
      percent.textContent = `${(100 * probability).toFixed(1)} %`;
      item.classList.toggle('best', isBest);
    },
  };
}
