import { OpError } from '../../../ops/op.ts';
import { resizeImage } from '../resize.ts';
import type { OpImporter } from './op-node.ts';

export const importResize =
  (mode: 'bilinear' | 'nearest'): OpImporter =>
  (node) => {
    const image = node.channelsFirst(node.input(0));
    const space = node.knownNumbers(1, 'the size');
    if (node.rank(image) !== 4 || space.length !== 2) throw new OpError('images have rank 4, and two sizes');
    const y = resizeImage(node, image, space, {
      mode,
      alignCorners: node.attributes.flag('align_corners'),
      halfPixelCenters: node.attributes.flag('half_pixel_centers'),
    });
    return node.channelsLast(y);
  };
