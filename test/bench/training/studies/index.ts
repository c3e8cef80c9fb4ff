import type { Study } from '../study.ts';
import { layerCollapseStudy } from './layer-collapse.ts';

/** Every study, in the order they are run. */
export const studies: readonly Study[] = [layerCollapseStudy];
