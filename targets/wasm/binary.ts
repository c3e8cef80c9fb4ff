const headerBytes = 8;
const codeSection = 10;

/** Bytes of each function body of a wasm module, in the module's order (WebAssembly core spec, 5.5.13). */
export function functionSizes(module: Uint8Array): number[] {
  const sizes: number[] = [];
  let at = headerBytes;
  const readSize = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < module.length) {
    const id = module[at++];
    const end = readSize() + at;
    if (id === codeSection) {
      for (let left = readSize(); left > 0; left--) {
        const size = readSize();
        sizes.push(size);
        at += size;
      }
    }
    at = end;
  }
  return sizes;
}
