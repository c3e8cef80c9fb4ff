import { parseWindow } from '../../../ops/window.ts';
import type { ExportedNode } from '../exported-node.ts';
import type { OnnxAttributeMap } from '../term.ts';

/** strides, dilations and pads; what lcc leaves out, ONNX has the same defaults for. */
export const windowAttributes = (node: ExportedNode): OnnxAttributeMap =>
  Object.fromEntries(Object.entries(parseWindow(node.attributes)).filter(([, values]) => values.length > 0));
