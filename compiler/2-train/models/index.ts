import { bert } from './bert.ts';
import { cnn } from './cnn.ts';
import { gpt } from './gpt.ts';
import { meanEmbedding } from './mean-embedding.ts';
import { mixer } from './mixer.ts';
import { mlp } from './mlp.ts';
import { resNet } from './res-net.ts';
import { residualMlp } from './residual-mlp.ts';
import { vit } from './vit.ts';

/** Every network that lcc can make for training, by name. */
export const models = { mlp, residualMlp, cnn, resNet, vit, mixer, meanEmbedding, bert, gpt } as const;

export type { ImageSizes, MakeModel } from './make-model.ts';
