import type { Quantization } from '../../../kernel/quantization.ts';
import { parseQuantization } from '../../../ops/quantize.ts';
import { type ExportedNode, type Exporter, floats, within } from '../exported-node.ts';
import { type Call, call, integers, type OnnxAttributeMap } from '../term.ts';
import { codesOf } from './quantization.ts';
import { windowAttributes } from './window.ts';

export const exportConv: Exporter = within(floats, (node) => {
  const quantization = parseQuantization('conv', node.attributes);
  const attributes: OnnxAttributeMap = { ...windowAttributes(node), group: node.attributes.number('group', 1) };
  if (quantization === undefined) return call('Conv', node.terms, attributes);
  const [, ...weights] = node.terms;
  const { pads: _, ...unpadded } = attributes;
  return call('Conv', [paddedCodes(node, quantization), ...weights], unpadded);
});

/** Padding of a quantised input is a 0 that is quantised too. */
function paddedCodes(node: ExportedNode, quantization: Quantization): Call {
  const codes = codesOf(node.input(0), quantization);
  const pads = node.attributes.numbers('pads', []);
  if (pads.every((pad) => pad === 0)) return codes;
  const half = pads.length / 2;
  const all = [0, 0, ...pads.slice(0, half), 0, 0, ...pads.slice(half)];
  return call('Pad', [codes, integers(all), node.scalar(quantization.zero)]);
}

export const exportConvTranspose: Exporter = within(floats, (node) => {
  const outputPadding = node.attributes.numbers('outputPadding', []);
  return call('ConvTranspose', node.terms, {
    ...windowAttributes(node),
    ...(outputPadding.length === 0 ? {} : { output_padding: outputPadding }),
    group: node.attributes.number('group', 1),
  });
});
