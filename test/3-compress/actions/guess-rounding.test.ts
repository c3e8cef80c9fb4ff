import { expect, it } from 'vitest';
import { encodingsOf, findStoredPlaces } from '../../../compiler/3-compress/actions/quantize-weights.ts';
import { makeMatrix } from '../../../compiler/linalg/matrix.ts';
import { makeNormal } from '../../harness/small-network.ts';
import { graphOf } from '../pass-case.ts';

const normal = makeNormal(3);
const [outputs, inputs, count] = [48, 64, 400];
const graph = graphOf((g) => {
  const w = g.constant(
    [outputs, inputs],
    Array.from({ length: outputs * inputs }, () => 0.1 * normal()),
  );
  return g.add('linear', [g.input([1, inputs]), w]);
});
const rows = makeMatrix(count, inputs, Float64Array.from({ length: count * inputs }, normal));
const [place] = findStoredPlaces(graph);
const offers = encodingsOf(place!, { kind: 'rows', rows });

it('guesses of normal weights are near what was made, in error and in bytes', () => {
  expect(offers.length).toBeGreaterThan(10);
  for (const { kind, guess, make } of offers) {
    const made = make()!;
    const compensated = made.label.endsWith('compensated') ? 0.25 : 0.5;
    expect.soft(made.error / guess.error, kind).toBeGreaterThan(compensated);
    expect.soft(made.error / guess.error, kind).toBeLessThan(1.7);
    expect.soft(made.compressedBits / guess.compressedBits, kind).toBeGreaterThan(0.8);
    expect.soft(made.compressedBits / guess.compressedBits, kind).toBeLessThan(1.2);
  }
});

it('says nothing of errors without evidence', () => {
  for (const { guess } of encodingsOf(place!, { kind: 'none' })) expect(guess.error).toBeNaN();
});
