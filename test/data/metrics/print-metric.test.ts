import { expect, test } from 'vitest';
import { printMetric, shareMetrics } from '../../../compiler/data/metrics/print-metric.ts';

test.each([
  ['top-1', 0.98312, '98.31 %'],
  ['agreement', 1, '100.00 %'],
  ['perplexity', 6.40214, '6.402'],
  ['mse', 0.000_123_456, '0.0001235'],
  ['my-own.ts', 12_345_678, '12350000'],
])('%s %s prints as %s', (name, value, text) => expect(printMetric(name, value)).toBe(text));

test('shares are what counts samples', () => expect(shareMetrics).toEqual(['top-1', 'top-5', 'f1', 'agreement']));
