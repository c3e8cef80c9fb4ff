import { describe, expect, test } from 'vitest';
import { parseBytes, printBytes } from '../../compiler/quantity/bytes.ts';
import { parseCount, printWhole } from '../../compiler/quantity/count.ts';
import { parseDuration, printWait } from '../../compiler/quantity/duration.ts';
import { printQuantity } from '../../compiler/quantity/quantity.ts';
import { parseShare } from '../../compiler/quantity/share.ts';

describe('quantities', () => {
  test.each([
    ['300KB', 300_000],
    ['64 KiB', 65_536],
    ['1.5mb', 1_500_000],
    ['4.1 MB', 4_100_000],
    ['64.1KB', 64_100],
    ['0.3 KiB', 307],
    ['1200', 1_200],
    ['0', 0],
    ['12 B', 12],
    ['KB', undefined],
    ['-1KB', undefined],
    ['3 km', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('%s is %s bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 KB'],
    [999_949, '999.9 KB'],
    [999_950, '1.00 MB'],
    [12_345_678, '12.35 MB'],
    [2_000_000_000, '2.00 GB'],
    [-1_500, '-1.5 KB'],
  ])('%s bytes print as %s', (bytes, text) => expect(printBytes(bytes)).toBe(text));

  test.each([
    [parseDuration, '4 ms', 4],
    [parseDuration, '0.8s', 800],
    [parseDuration, '250 us', 0.25],
    [parseDuration, '7', 7],
    [parseDuration, '4 min', undefined],
    [parseCount, '5 M', 5_000_000],
    [parseCount, '1.2G', 1_200_000_000],
    [parseCount, '450000', 450_000],
    [parseCount, '5 m', undefined],
    [parseShare, '0.5 %', 0.005],
    [parseShare, '95 %', 0.95],
    [parseShare, '1.1 %', 0.011],
    [parseShare, '0.25', 0.25],
    [parseShare, '98', undefined],
    [parseShare, '120 %', 1.2],
    [parseShare, 'constructor', undefined],
  ])('%o of %s is %s', (parse, text, value) => expect(parse(text)).toBe(value));

  test.each([
    [0, 'ms', '0 ms'],
    [0.00234, 'ms', '2.34 µs'],
    [0.0234, 'ms', '23.4 µs'],
    [0.2134, 'ms', '213 µs'],
    [4.2, 'ms', '4.20 ms'],
    [1234.4, 'ms', '1234 ms'],
    [12_345, 'ms', '12.3 s'],
    [455_700, 'macs', '455.7 K'],
    [12, 'macs', '12'],
    [10e12, 'macs', '10.00 T'],
    [0.98312, 'share', '98.31 %'],
  ] as const)('%s %s prints as %s', (value, unit, text) => expect(printQuantity(value, unit)).toBe(text));

  test.each([
    [45_400, '45 s'],
    [720_000, '12 min'],
    [12_600_000, '3.5 h'],
  ])('a wait of %s ms prints as %s', (ms, text) => expect(printWait(ms)).toBe(text));

  test('counts print whole', () => expect(printWhole(12_345)).toBe('12,345'));
});
