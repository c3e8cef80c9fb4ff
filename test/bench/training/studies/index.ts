import type { Study } from '../study.ts';
import { layerCollapseStudy } from './layer-collapse.ts';
import { loritaStudy } from './lorita.ts';
import { pipelineStudy } from './pipeline.ts';
import { speedStudy } from './speed.ts';
import { structuralDropoutStudy } from './structural-dropout.ts';

/** Every study, in the order they are run. */
export const studies: readonly Study[] = [
  speedStudy,
  layerCollapseStudy,
  structuralDropoutStudy,
  loritaStudy,
  pipelineStudy,
];
