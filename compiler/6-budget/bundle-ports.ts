import { isTargetName, targets } from '../../targets/index.ts';
import type { FoundManifest } from './read-bundle.ts';

type Ports = NonNullable<FoundManifest['inputs']>;

/**
 * Inputs and outputs as the bundle's module has them; lcc.json tells those of the model. Hosts of ES2017 may lack BigInt:
 * there 64-bit integers are 32 bits wide.
 */
export function bundlePorts({ target, inputs = [], outputs = [] }: FoundManifest): { inputs: Ports; outputs: Ports } {
  const isNarrow = target !== undefined && isTargetName(target) && targets[target].syntax === 'es2017';
  return isNarrow ? { inputs: narrowed(inputs), outputs: narrowed(outputs) } : { inputs, outputs };
}

const narrowed = (ports: Ports): Ports =>
  ports.map((port) => {
    if (port.dtype === 'int64') return { ...port, dtype: 'int32' };
    return port.dtype === 'uint64' ? { ...port, dtype: 'uint32' } : port;
  });
