import type { Study } from '../study.ts';
import { layerCollapseStudy } from './layer-collapse.ts';
import { layerCollapseShakespeareStudy } from './layer-collapse-shakespeare.ts';
import { layerCollapseSst2Study } from './layer-collapse-sst2.ts';
import { layerCollapseVitStudy } from './layer-collapse-vit.ts';
import { loritaStudy } from './lorita.ts';
import { loritaCnnStudy } from './lorita-cnn.ts';
import { loritaVitStudy } from './lorita-vit.ts';
import { pipelineStudy } from './pipeline.ts';
import { speedStudy } from './speed.ts';
import { structuralDropoutStudy } from './structural-dropout.ts';
import { structuralDropoutCnnStudy } from './structural-dropout-cnn.ts';
import { structuralDropoutVitStudy } from './structural-dropout-vit.ts';

/** Every study, in the order they are run. */
export const studies: readonly Study[] = [
  speedStudy,
  layerCollapseStudy,
  layerCollapseVitStudy,
  layerCollapseSst2Study,
  layerCollapseShakespeareStudy,
  structuralDropoutStudy,
  structuralDropoutCnnStudy,
  structuralDropoutVitStudy,
  loritaStudy,
  loritaCnnStudy,
  loritaVitStudy,
  pipelineStudy,
];
