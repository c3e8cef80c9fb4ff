/** Times in milliseconds. */
export interface ClockedRun<Result> {
  readonly result: Result;
  /** the pipeline, in order of first use, and the workgroups of every dispatch: equal texts for the same work */
  readonly dispatches: readonly string[];
  /** of every dispatch */
  readonly milliseconds: readonly number[];
}

export interface DispatchClock {
  /** Runs what encodes one compute pass. @throws Error where the device refuses the passes */
  clock<Result>(run: () => Promise<Result>): Promise<ClockedRun<Result>>;
}

/**
 * Runs in the page, as its own text: it may refer to nothing outside itself. While a run is clocked, every dispatch of its pass
 * becomes a pass of its own between two timestamps. For passes as runtime/webgpu.ts encodes them: one bind group, at 0.
 * @param device with timestamp-query
 */
export function makeDispatchClock(device: GPUDevice): DispatchClock {
  // WebGPU's largest query set has 4096 queries, two for each dispatch.
  const capacity = 2048;
  const bytes = 16 * capacity;
  const makeBank = () => ({
    querySet: device.createQuerySet({ type: 'timestamp', count: 2 * capacity }),
    resolved: device.createBuffer({ size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
    reading: device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
  });
  const banks: ReturnType<typeof makeBank>[] = [];
  const pipelines = new Map<GPUComputePipeline, number>();
  let clocked: string[] | undefined;

  const usedBanks = (dispatches: number) =>
    banks.slice(0, Math.ceil(dispatches / capacity)).map((bank, i) => ({
      ...bank,
      used: Math.min(capacity, dispatches - i * capacity),
    }));

  const begin = GPUCommandEncoder.prototype.beginComputePass;
  const beginClocked = (encoder: GPUCommandEncoder, dispatches: string[]): Partial<GPUComputePassEncoder> => {
    let group: GPUBindGroup | null = null;
    let pipeline: GPUComputePipeline;
    return {
      setBindGroup(_: number, next: GPUBindGroup | null) {
        group = next;
      },
      setPipeline(next) {
        pipeline = next;
        if (!pipelines.has(next)) pipelines.set(next, pipelines.size);
      },
      dispatchWorkgroups(...workgroups) {
        const [bank, place] = [Math.floor(dispatches.length / capacity), dispatches.length % capacity];
        banks[bank] ??= makeBank();
        const { querySet } = banks[bank];
        const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * place, endOfPassWriteIndex: 2 * place + 1 };
        const pass = begin.call(encoder, { timestampWrites });
        pass.setBindGroup(0, group);
        pass.setPipeline(pipeline);
        pass.dispatchWorkgroups(...workgroups);
        pass.end();
        dispatches.push(`${pipelines.get(pipeline)}: ${workgroups.join()}`);
      },
      end() {
        for (const { querySet, resolved, reading, used } of usedBanks(dispatches.length)) {
          encoder.resolveQuerySet(querySet, 0, 2 * used, resolved, 0);
          encoder.copyBufferToBuffer(resolved, 0, reading, 0, 16 * used);
        }
      },
    };
  };
  GPUCommandEncoder.prototype.beginComputePass = function (descriptor) {
    return clocked ? (beginClocked(this, clocked) as GPUComputePassEncoder) : begin.call(this, descriptor);
  };

  const readTimes = async (dispatches: number): Promise<number[]> => {
    const milliseconds: number[] = [];
    for (const { reading, used } of usedBanks(dispatches)) {
      await reading.mapAsync(GPUMapMode.READ);
      const stamps = new BigInt64Array(reading.getMappedRange());
      for (let i = 0; i < used; i++) {
        const [from = 0n, to = 0n] = stamps.subarray(2 * i, 2 * i + 2);
        milliseconds.push(Math.max(0, Number(to - from) / 1e6));
      }
      reading.unmap();
    }
    return milliseconds;
  };

  return {
    async clock(run) {
      const dispatches: string[] = [];
      device.pushErrorScope('validation');
      clocked = dispatches;
      const result = await run().finally(() => {
        clocked = undefined;
      });
      const refused = await device.popErrorScope();
      if (refused) throw new Error(`the GPU refuses passes with timestamps: ${refused.message}`);
      return { result, dispatches, milliseconds: await readTimes(dispatches.length) };
    },
  };
}
