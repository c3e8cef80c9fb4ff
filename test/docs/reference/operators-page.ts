import { importers } from '../../../compiler/1-ingest/onnx/importers/index.ts';
import { layerImporters, refusedLayers } from '../../../compiler/1-ingest/tensorflow/layers/index.ts';
import { opImporters, refusedOps } from '../../../compiler/1-ingest/tensorflow/ops/index.ts';

/** Everything that models may be made of. */
export function printOperatorsPage(): string {
  const onnx = [...importers].map(([domain, ops]) => printList(domain === '' ? 'ONNX' : domain, [...ops.keys()]));
  return [
    '# Operators',
    'What lcc reads. An operator that is not here, or a form of one that it does not compile, is refused by name. See\n[Bring a model](../bring-a-model.md).',
    ...onnx,
    printList('Layers of TensorFlow.js', [...layerImporters.keys()]),
    printList('Operators of TensorFlow.js graph models', [...opImporters.keys()]),
    printRefused('Layers that are refused with a reason', refusedLayers),
    printRefused('Operators of graph models that are refused with a reason', refusedOps),
    '',
  ].join('\n\n');
}

const printList = (title: string, names: readonly string[]): string =>
  `## ${title}\n\n${names.length}: ${[...names].sort().join(', ')}.`;

function printRefused(title: string, refused: ReadonlyMap<string, string>): string {
  const reasons = [...new Set(refused.values())];
  const namesOf = (reason: string): string[] => [...refused].flatMap(([name, its]) => (its === reason ? [name] : []));
  const lines = reasons.map((reason) => `- ${reason}: ${namesOf(reason).join(', ')}`);
  return `## ${title}\n\n${lines.join('\n')}`;
}
