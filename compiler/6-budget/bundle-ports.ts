import { hostDType } from '../../targets/host-dtype.ts';
import { isTargetName, targets } from '../../targets/index.ts';
import type { FoundManifest } from './read-bundle.ts';

type Ports = NonNullable<FoundManifest['inputs']>;

/** Inputs and outputs as the bundle's module has them; lcc.json tells those of the model. */
export function bundlePorts({ target, inputs = [], outputs = [] }: FoundManifest): { inputs: Ports; outputs: Ports } {
  if (target === undefined || !isTargetName(target)) return { inputs, outputs };
  const asHosted = (ports: Ports): Ports =>
    ports.map((port) => ({ ...port, dtype: hostDType(port.dtype, targets[target]) }));
  return { inputs: asHosted(inputs), outputs: asHosted(outputs) };
}
