// Small backends with one fault each, for tests of what the suite says of them.
import { type BackendProvider, hostBackend, type HostIO, type OpSpecs } from '@halftone/core';

function dequantizeTo(end: (count: number) => number) {
  return (_spec: OpSpecs['dequantize'], io: HostIO): void => {
    const { x, scale, zeroPoint, y } = io as Record<string, { data: Float32Array }>;
    for (let i = 0; i < end(x!.data.length); i++)
      y!.data[i] = Math.fround(x!.data[i]! - (zeroPoint?.data[0] ?? 0)) * scale!.data[0]!;
  };
}

/** One op, of one scale alone; `ends` may cut its loop short. */
export function oneOp(end: (count: number) => number = (count) => count): BackendProvider {
  return hostBackend({
    name: 'one-op',
    device: 'JavaScript',
    numericClass: () => 'exact',
    ops: {
      lut256: {
        run(spec, io) {
          const { x, table, y } = io as Record<string, { data: Int8Array }>;
          const lowest = spec.from === 'int8' ? 128 : 0;
          for (let i = 0; i < end(x!.data.length); i++) y!.data[i] = table!.data[x!.data[i]! + lowest]!;
        },
      },
    },
  });
}

/** The required tier's op with a loop that leaves its tail out, and per-tensor scales for everything. */
export const tailless: BackendProvider = hostBackend({
  name: 'tailless',
  device: 'JavaScript',
  numericClass: () => 'exact',
  ops: { dequantize: dequantizeTo((count) => count - (count % 4)) },
});

/** Refuses a form of the required tier. */
export const refusing: BackendProvider = hostBackend({
  name: 'refusing',
  device: 'JavaScript',
  numericClass: () => 'exact',
  ops: {
    dequantize: {
      run: dequantizeTo((count) => count),
      supports: (spec) => (spec.axis === undefined ? true : { reason: 'one scale alone' }),
    },
  },
});
