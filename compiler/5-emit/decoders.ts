import { type Decode, decodeCopy, decodeHalves, decodeIntegers, decodePalette } from '../../runtime/decode.ts';
import type { ConstantPool } from '../ir/program.ts';
import { Form } from './generated/model_generated.ts';
import { formOf } from './weights.ts';

/** The runtime's decoders under the names that it exports them by. */
export const decoders = { decodeCopy, decodeHalves, decodeIntegers, decodePalette } as const satisfies Record<
  string,
  Decode
>;

const decoderOf: Readonly<Record<Exclude<Form, Form.Raw>, keyof typeof decoders>> = {
  [Form.Float16]: 'decodeHalves',
  [Form.Integer]: 'decodeIntegers',
  [Form.Palette]: 'decodePalette',
  [Form.Copy]: 'decodeCopy',
};

/** Names of the decoders that these constants need, by form. */
export function decodersOf(pool: ConstantPool): Record<number, keyof typeof decoders> {
  const used = [...new Set(pool.entries.map(formOf))].sort();
  return Object.fromEntries(used.flatMap((form) => (form === Form.Raw ? [] : [[form, decoderOf[form]]])));
}

/** The same decoders themselves. */
export const mapDecoders = (pool: ConstantPool): Record<number, Decode> | undefined => {
  const named = Object.entries(decodersOf(pool)).map(([form, name]) => [form, decoders[name]] as const);
  return named.length > 0 ? Object.fromEntries(named) : undefined;
};
