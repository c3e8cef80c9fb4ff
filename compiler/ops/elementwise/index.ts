import { activations } from './activations.ts';
import { arithmetic } from './arithmetic.ts';
import { logic } from './logic.ts';

export const elementwiseOps = { ...arithmetic, ...activations, ...logic };
