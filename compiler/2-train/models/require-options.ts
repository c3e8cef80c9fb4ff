import { modelOptionsInvalid } from '../../diagnostics/train.ts';
import type { ImageSizes } from './make-model.ts';

/** Whole numbers of at least 1, by the names of their options. Else LCC8001, as all here. */
export function requireSizes(model: string, sizes: Readonly<Record<string, number | readonly number[]>>): void {
  for (const [name, given] of Object.entries(sizes)) {
    for (const size of typeof given === 'number' ? [given] : given) {
      if (Number.isSafeInteger(size) && size >= 1) continue;
      throw modelOptionsInvalid(model, `${name} is ${size}`, `Give ${name} in whole numbers of at least 1.`);
    }
  }
}

/** A whole number of at least 0: so many times, perhaps not at all. */
export function requireCount(model: string, name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 0) return;
  throw modelOptionsInvalid(model, `${name} is ${count}`, `Give ${name} as a whole number of at least 0.`);
}

/** Lists of one or more. */
export function requireSome(model: string, lists: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (list.length === 0) throw modelOptionsInvalid(model, `${name} is empty`, `Give ${name} at least one entry.`);
  }
}

export function requireMultiple(model: string, [name, size]: [string, number], [by, divisor]: [string, number]): void {
  if (size % divisor === 0) return;
  const remedy = `Make ${name} a multiple of ${by}: ${divisor * Math.ceil(size / divisor)}, for instance.`;
  throw modelOptionsInvalid(model, `${name} ${size} is not a multiple of ${by} ${divisor}`, remedy);
}

/** Three sizes, the image cut into whole patches. */
export function requirePatches(model: string, inputs: ImageSizes, patch: number): void {
  requireSizes(model, { inputs, patch });
  const [, height, width] = inputs;
  requireMultiple(model, ['the image height', height], ['patch', patch]);
  requireMultiple(model, ['the image width', width], ['patch', patch]);
}

/** A token of the vocabulary. */
export function requireToken(model: string, name: string, token: number, vocabulary: number): void {
  if (Number.isSafeInteger(token) && token >= 0 && token < vocabulary) return;
  const remedy = `Give ${name} as a token from 0 to ${vocabulary - 1}.`;
  throw modelOptionsInvalid(model, `${name} ${token} is not in a vocabulary of ${vocabulary}`, remedy);
}
