import { sameShape, shapeOf } from '../../../tensor/shape.ts';
import { type ExportedNode, type Exporter, floats, within } from '../exported-node.ts';
import { call, expand, integers, reshape, type Term } from '../term.ts';

const epsilonOf = (node: ExportedNode): number => node.attributes.number('epsilon', 1e-5);

/** BatchNormalization of [N] is that of [N, 1]. */
export const exportBatchNorm: Exporter = (node) => {
  const attributes = { epsilon: { float: epsilonOf(node) } };
  const sizes = node.sizes(0);
  if (sizes.length > 1) return call('BatchNormalization', node.terms, attributes);
  const [x, ...statistics] = node.terms;
  const column = reshape(x ?? node.input(0), [...sizes, 1]);
  return reshape(call('BatchNormalization', [column, ...statistics], attributes), sizes);
};

/** Scale and bias in the shape of what is normalised: runtimes take no other. */
export const exportLayerNorm: Exporter = (node) => {
  const axis = node.attributes.number('axis');
  const normalised = node.sizes(0).slice(axis);
  const [x, ...parameters] = node.terms;
  const whole = parameters.map((term, i) =>
    sameShape(node.type(i + 1).shape, shapeOf(normalised)) ? term : expand(term, normalised),
  );
  return call('LayerNormalization', [x, ...whole], { axis, epsilon: { float: epsilonOf(node) } });
};

/** x / sqrt(mean of x^2 + epsilon) scale; RMSNormalization is an operator from opset 23 on. */
export const exportRmsNorm: Exporter = (node) => {
  const x = node.input(0);
  const axis = node.attributes.number('axis');
  const axes = node.sizes(0).flatMap((_, i) => (i >= axis ? [i] : []));
  const square = call('ReduceMean', [call('Mul', [x, x]), integers(axes)], { keepdims: 1 });
  const deviation = call('Sqrt', [call('Add', [square, node.scalar(epsilonOf(node))])]);
  return call('Mul', [call('Div', [x, deviation]), node.input(1)]);
};

export const exportGroupNorm: Exporter = (node) =>
  call('GroupNormalization', node.terms, {
    num_groups: node.attributes.number('groups'),
    epsilon: { float: epsilonOf(node) },
  });

/** LRN where runtimes have it, of images and odd sizes; else its formula, the window a pool over channels. */
export const exportLrn: Exporter = within(floats, (node) => {
  const { attributes } = node;
  const size = attributes.number('size');
  const [alpha, beta, bias] = [
    attributes.number('alpha', 1e-4),
    attributes.number('beta', 0.75),
    attributes.number('bias', 1),
  ];
  if (node.sizes(0).length === 4 && size % 2 === 1) {
    return call('LRN', node.terms, { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: bias } });
  }
  const x = node.input(0);
  const mean = call('Mul', [meanOverChannels(node, call('Mul', [x, x]), size), node.scalar(alpha)]);
  return call('Div', [x, call('Pow', [call('Add', [mean, node.scalar(bias)]), node.scalar(beta)])]);
});

/** Sum over `size` channels around each, zeros outside, by size. */
function meanOverChannels(node: ExportedNode, x: Term, size: number): Term {
  const sizes = node.sizes(0);
  const [batch = 1, channels = 1, ...space] = sizes;
  const before = Math.floor((size - 1) / 2);
  const image = reshape(x, [batch, 1, channels, space.reduce((product, s) => product * s, 1)]);
  const mean = call('AveragePool', [image], {
    kernel_shape: [size, 1],
    pads: [before, 0, size - 1 - before, 0],
    count_include_pad: 1,
  });
  return reshape(mean, sizes);
}
