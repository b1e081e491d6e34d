import type { BackendDriver, BackendProvider, Kernel, KernelProvider, PackedWeights } from '@halftone/core';

/** Ops that may touch floats: the way in and the way out. */
const borders = ['quantize', 'dequantize'];

/**
 * A backend whose integer kernels run while every new float array and Math.fround throws, and that throws where one is
 * handed a float operand: a plan that ends has computed in integers.
 */
export function floatTrapped(provider: BackendProvider): BackendProvider {
  return {
    ...provider,
    async create(options) {
      const driver = await provider.create(options);
      const kernels = Object.fromEntries(
        Object.entries(driver.kernels).map(([op, kernel]) => [
          op,
          {
            ...kernel,
            prepare: (spec: never, packed?: PackedWeights): Kernel => {
              const ready = (kernel as KernelProvider<never>).prepare(spec, packed);
              return borders.includes(op) ? ready : trapped(op, ready);
            },
          },
        ]),
      );
      return { ...driver, kernels } as BackendDriver;
    },
  };
}

function trapped(op: string, kernel: Kernel): Kernel {
  return {
    ...kernel,
    run(io) {
      for (const [name, { dtype }] of Object.entries(io))
        if (dtype === 'float32') throw new Error(`${op}: operand ${name} is float32`);
      const { Float32Array: f32, Float64Array: f64 } = globalThis;
      const { fround } = Math;
      const trap = (): never => {
        throw new Error(`${op} computes in floats`);
      };
      globalThis.Float32Array = new Proxy(f32, { construct: trap, get: trap });
      globalThis.Float64Array = new Proxy(f64, { construct: trap, get: trap });
      Math.fround = trap;
      try {
        kernel.run(io);
      } finally {
        globalThis.Float32Array = f32;
        globalThis.Float64Array = f64;
        Math.fround = fround;
      }
    },
  };
}
