import { printTypes } from '../../../compiler/5-emit/print-types.ts';
import type { Port } from '../../../compiler/ir/program.ts';
import { tinyModel } from '../../harness/tiny-model.ts';

const introduction = `What a bundle exports. Its \`index.d.ts\` has the names, array classes and shapes of its own model; this one is of a
model \`digits\` with an input \`image\` and an output \`logits\`. See [Ship](../ship.md).`;

const arrays = `| dtype | array |
|---|---|
| float32 | Float32Array |
| float64 | Float64Array |
| float16, bfloat16 | Uint16Array, the bits |
| int8, int16, int32 | Int8Array, Int16Array, Int32Array |
| uint8, uint16, uint32 | Uint8Array, Uint16Array, Uint32Array |
| bool | Uint8Array of 0 and 1 |
| int64 | BigInt64Array; Int32Array from \`embedded-wasm\` |
| uint64 | BigUint64Array; Uint32Array from \`embedded-wasm\` |`;

/** The types of a bundle, and the arrays that its tensors are. */
export function printBundlePage(): string {
  const tiny = tinyModel();
  const port = (name: string, shape: readonly number[]): Port => ({
    name,
    dtype: 'float32',
    shape,
    location: { space: 'arena', offset: 0, bytes: 4 * shape.reduce((product, size) => product * size, 1) },
  });
  const inputs = [port('image', [1, 1, 28, 28])];
  const types = printTypes({
    ...tiny,
    program: { ...tiny.program, name: 'digits', inputs, outputs: [port('logits', [1, 10])] },
  });
  return `# A bundle\n\n${introduction}\n\n\`\`\`ts\n${types.trim()}\n\`\`\`\n\n${arrays}\n`;
}
