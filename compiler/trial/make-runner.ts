import { emitWasm } from '../../targets/wasm/emit.ts';
import { lower } from '../4-lower/lower.ts';
import { codecs } from '../5-emit/codecs.ts';
import { addressOf } from '../5-emit/model-code.ts';
import { bug } from '../diagnostics/index.ts';
import type { Graph } from '../ir/graph.ts';
import type { Port } from '../ir/program.ts';
import type { Feeds, Runner } from '../ir/trial.ts';
import type { TypedArray } from '../tensor/dtype.ts';

/**
 * The graph's plain SIMD module in this process. Public arrays go in and come out as from a bundle; nothing is hashed,
 * bundled or proven, so that a planner may ask for hundreds.
 */
export function makeRunner(graph: Graph): Runner {
  const program = lower(graph);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(emitWasm(program, 'simd').bytes));
  const { memory, run } = exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof run !== 'function')
    throw bug('a module without memory and run');
  const { buffer } = memory;
  const image = new Uint8Array(buffer);
  for (const entry of program.constants.entries) image.set(entry.bytes, entry.offset);

  const write = (port: Port, feeds: Feeds): void => {
    const feed = feeds[port.name];
    if (!feed) throw bug(`no feed for input "${port.name}"`);
    const elements = codecs[port.dtype].encode(feed);
    image.set(
      new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength),
      addressOf(program, port.location),
    );
  };
  const read = (port: Port): TypedArray => {
    const codec = codecs[port.dtype];
    return codec.decode(new codec.elements(buffer, addressOf(program, port.location), port.location.bytes / 4));
  };
  const peek = (feeds: Feeds): Record<string, TypedArray> => {
    for (const port of program.inputs) write(port, feeds);
    run();
    return Object.fromEntries(program.outputs.map((port) => [port.name, read(port)]));
  };
  return {
    peek,
    run: (feeds) =>
      Object.fromEntries(
        Object.entries(peek(feeds)).map(([name, array]) => [name, array.buffer === buffer ? array.slice() : array]),
      ),
  };
}
