import type { Graph, ValueId } from '../../ir/graph.ts';
import { type Rule, rebuild } from '../../rewrite/rebuild.ts';
import { numbersOf } from '../../tensor/convert.ts';
import { elementCount, shapeOf, sizeAt } from '../../tensor/shape.ts';
import { makeTensor, type Tensor } from '../../tensor/tensor.ts';

export interface Masked {
  readonly graph: Graph;
  /** of masks by the weights that they are for */
  readonly maskNames: ReadonlyMap<string, string>;
}

/**
 * x * mask where a layer with weights of these names reads x: one number for each channel, all ones. The graph keeps masks
 * that way, and is what they make of it.
 */
export function maskReaders(graph: Graph, weights: ReadonlySet<string>): Masked {
  const maskNames = new Map<string, string>();
  const rule: Rule = ({ node, inputs: [x, w, ...others] }, rewriter) => {
    const name = w === undefined ? '' : rewriter.nameOf(w);
    if (x === undefined || w === undefined || !weights.has(name) || !isLayer(node.op)) return undefined;
    const { shape } = rewriter.typeOf(w);
    const sizes = [sizeAt(shape, 1), ...shape.slice(2).map(() => 1)];
    const ones = new Float32Array(elementCount(shapeOf(sizes))).fill(1);
    maskNames.set(name, `${name}.mask`);
    const mask = rewriter.constant(makeTensor('float32', shapeOf(sizes), ones), `${name}.mask`);
    const masked = rewriter.add('mul', [x, mask], {}, `${node.name}.masked`);
    return [rewriter.add(node.op, [masked, w, ...others], node.attributes, node.name)];
  };
  return { graph: rebuild(graph, [rule]).graph, maskNames };
}

const isLayer = (op: string): boolean => op === 'linear' || op === 'conv';

export interface Unmasked {
  readonly graph: Graph;
  /** what they were, by weights */
  readonly masks: ReadonlyMap<string, Float32Array>;
}

/** Masks of these names multiplied into the weights that read what they mask. */
export function takeMasks(graph: Graph, names: ReadonlySet<string>): Unmasked {
  const masks = new Map<string, Float32Array>();
  const unmasked = new Map<ValueId, { readonly x: ValueId; readonly mask: Tensor }>();
  const rule: Rule = ({ node, inputs: [x, w, ...others] }, rewriter) => {
    const known = w === undefined ? undefined : rewriter.known(w);
    if (x === undefined || w === undefined || !known) return undefined;
    if (node.op === 'mul' && names.has(rewriter.nameOf(w))) {
      const y = rewriter.add('mul', [x, w], {}, node.name);
      unmasked.set(y, { x, mask: known });
      return [y];
    }
    const found = unmasked.get(x);
    if (!found || !isLayer(node.op)) return undefined;
    const name = rewriter.nameOf(w);
    masks.set(name, Float32Array.from(numbersOf(found.mask)));
    const weights = rewriter.constant(scaleChannels(known, found.mask), name);
    return [rewriter.add(node.op, [found.x, weights, ...others], node.attributes, node.name)];
  };
  return { graph: rebuild(graph, [rule]).graph, masks };
}

/** w [N, C, taps...] * mask [C] */
function scaleChannels(weights: Tensor, mask: Tensor): Tensor {
  const { shape } = weights;
  const factors = numbersOf(mask);
  const taps = elementCount(shape.slice(2));
  const scaled = Float32Array.from(
    numbersOf(weights),
    (w, i) => w * (factors[Math.floor(i / taps) % factors.length] ?? 0),
  );
  return makeTensor('float32', shape, scaled);
}
