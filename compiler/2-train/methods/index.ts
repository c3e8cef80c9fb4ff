import type { Graph } from '../../ir/graph.ts';
import { distill } from './distill.ts';
import { dpf } from './dpf.ts';
import { dropout } from './dropout.ts';
import { layerCollapse } from './layer-collapse.ts';
import { lorita } from './lorita.ts';
import { lrpet } from './lrpet.ts';
import { maestro } from './maestro.ts';
import type { Method } from './method.ts';
import type { MethodName } from './names.ts';
import { qat } from './qat.ts';
import { sam } from './sam.ts';
import { structuralDropout } from './structural-dropout.ts';

/** What a method may need beside its options. */
export interface MethodContext {
  /** the network before training */
  readonly original: Graph;
  /** it was just made, and has learnt nothing */
  readonly isNew: boolean;
}

/** Methods by name, with their default options. */
export const methods: Readonly<Record<MethodName, (context: MethodContext) => Method>> = {
  'layer-collapse': () => layerCollapse(),
  'structural-dropout': () => structuralDropout(),
  dropout: () => dropout(),
  lorita: ({ isNew }) => lorita({ start: isNew ? 'anew' : 'from weights' }),
  maestro: () => maestro(),
  lrpet: () => lrpet(),
  sam: () => sam(),
  dpf: () => dpf(),
  distill: ({ original }) => distill({ teacher: original }),
  qat: () => qat(),
};
