/** Ways to train for compression, as the command line names them. */
export const methodNames = [
  'layer-collapse',
  'structural-dropout',
  'dropout',
  'lorita',
  'maestro',
  'lrpet',
  'sam',
  'dpf',
  'distill',
  'qat',
] as const;
export type MethodName = (typeof methodNames)[number];
