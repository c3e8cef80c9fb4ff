import { printMetric } from '../data/metrics/print-metric.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printShare } from '../quantity/share.ts';
import type { CheckRow, NextStep } from './check-result.ts';
import type { FoundManifest } from './read-bundle.ts';

/** What the planner would do next; where nothing was planned, storing the weights in fewer bits. */
export function nextSteps(row: CheckRow, manifest: FoundManifest): NextStep[] {
  switch (row.measure) {
    case 'total':
      return manifest.compression?.next
        ? [...smallerResult(row, manifest), ...singleSteps(manifest, 'bytes')]
        : fewerBits(row, manifest);
    case 'weights':
      return manifest.compression?.next ? singleSteps(manifest, 'bytes') : fewerBits(row, manifest);
    case 'memory':
      return singleSteps(manifest, 'memory');
    case 'macs':
    case 'latency':
      return singleSteps(manifest, 'macs');
    case 'accuracy':
    case 'drop':
      return betterResult(row, manifest);
    default:
      return [];
  }
}

type Compression = NonNullable<FoundManifest['compression']>;

const sizeNow = ({ steps, before }: Compression): number => steps.at(-1)?.size ?? before.size;

/** Bytes too many: a share of growth is one of the baseline, of which it grew by `growth` bytes. */
const excessOf = ({ over, unit, actual = 0, growth = 0 }: CheckRow): number =>
  unit === 'share' && actual !== 0 ? (over * growth) / actual : over;

/** The largest measured result that is small enough: it lost least. */
function smallerResult(row: CheckRow, { compression }: FoundManifest): NextStep[] {
  if (!compression) return [];
  const now = sizeNow(compression);
  const { name } = compression.metric ?? { name: 'metric' };
  return [...compression.tradeOff]
    .filter(({ size }) => size <= now - excessOf(row))
    .sort((a, b) => b.size - a.size)
    .slice(0, 1)
    .map(({ size, metric, error }) => ({
      action: `lcc build --max-size ${asFlag(size)}`,
      saves: now - size,
      unit: 'bytes',
      loss: metric === undefined ? `relative error ${printShare(error)}` : `${name} ${printMetric(name, metric)}`,
    }));
}

/** The smallest measured result that is good enough. */
function betterResult(row: CheckRow, { compression }: FoundManifest): NextStep[] {
  if (!compression) return [];
  const now = compression.metric?.after ?? compression.steps.at(-1)?.metric ?? 0;
  return [...compression.tradeOff]
    .filter(({ metric = 0 }) => metric >= now + row.over)
    .sort((a, b) => a.size - b.size)
    .slice(0, 1)
    .map(({ size, metric = 0 }) => ({
      action: `lcc build --max-size ${asFlag(size)}`,
      saves: metric - now,
      unit: 'share',
      loss: `${printBytes(size - sizeNow(compression))} more`,
    }));
}

/** Rounded up to a tenth of a KB. */
const asFlag = (bytes: number): string => `${Math.ceil(bytes / 100) / 10}KB`;

function singleSteps({ compression }: FoundManifest, saved: 'bytes' | 'memory' | 'macs'): NextStep[] {
  const now = compression?.steps.at(-1)?.error ?? 0;
  return (compression?.next?.[saved] ?? []).map(({ pass, place, level, saves, error }) => ({
    action: `${pass} ${place}: ${level}`,
    saves,
    unit: saved === 'macs' ? 'macs' : 'bytes',
    // squared errors of the outputs add up
    loss: `relative error ${printShare(now)} to ${printShare(Math.sqrt(now * now + error))}`,
  }));
}

const storings = [
  ['fp16', 2],
  ['int8', 4],
  ['int4', 8],
] as const;

/** The mildest that is enough comes first. Float32 weights hardly compress, so that bytes after brotli shrink alike. */
function fewerBits(row: CheckRow, { constants = [] }: FoundManifest): NextStep[] {
  const floats = constants.filter(({ form }) => form === 'float32').reduce((sum, { bytes }) => sum + bytes, 0);
  const all = storings.map(
    ([form, times]): NextStep => ({
      action: `lcc build --quantize ${form} --calibration <data>`,
      saves: Math.round(floats * (1 - 1 / times)),
      unit: 'bytes',
    }),
  );
  const enough = all.filter(({ saves }) => saves >= excessOf(row));
  return floats === 0 ? [] : enough.length > 0 ? enough : all.slice(-1);
}
