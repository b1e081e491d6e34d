// SimSIMD computes one dot product a call: a row against a matrix is a loop over it.
import {
  type BackendProvider,
  type DeviceIO,
  HalftoneError,
  type KernelTable,
  type OpSpecs,
} from '@halftone/core';
import { peerDriver, type PeerTensor, Timeline } from './peer-driver.ts';

/** What is used of the module simsimd. */
export interface SimsimdModule {
  dot(a: Int8Array | Uint8Array, b: Int8Array | Uint8Array): number;
}

/** SimSIMD as a backend of one op: a row of codes against the rows of a matrix. */
export function simsimdPeer(simsimd: SimsimdModule): BackendProvider {
  const name = 'simsimd';
  return {
    spec: 'backend/1',
    name,
    probe: async () => ({ available: true, device: 'CPU' }),
    create: async () => {
      const timeline = new Timeline();
      return peerDriver({
        name,
        device: 'CPU',
        timeline,
        kernels: kernels(simsimd, timeline),
        numericClass: { qgemm: 'exact' },
      });
    },
  };
}

function kernels(simsimd: SimsimdModule, timeline: Timeline): KernelTable {
  return {
    qgemm: {
      supports: (spec) => {
        const { batch, m, a, b, transposeB, bias, output } = spec;
        const dots = batch === 1 && m === 1 && transposeB && bias === 'none' && output.type === 'int32';
        return (dots && a === b) || { reason: 'simsimd has dot products of two rows of one type' };
      },
      prepare: (spec) => {
        let rows:
          | { readonly of: PeerTensor; readonly version: number; readonly list: readonly Codes[] }
          | undefined;
        return {
          variant: 'dot',
          run: (io) =>
            timeline.enqueue(() => {
              const b = io['b'] as PeerTensor;
              if (rows?.of !== b || rows.version !== b.version) {
                requireNoZeroPoints(io);
                rows = { of: b, version: b.version, list: rowsOf(b.data as Codes, spec) };
              }
              const a = (io['a'] as PeerTensor).data as Codes;
              const y = (io['y'] as PeerTensor).data as Int32Array;
              const { list } = rows;
              for (let i = 0; i < list.length; i++) y[i] = simsimd.dot(a, list[i]!);
            }),
          dispose() {},
        };
      },
    },
  };
}

type Codes = Int8Array | Uint8Array;

function rowsOf(data: Codes, { n, k }: OpSpecs['qgemm']): readonly Codes[] {
  return Array.from({ length: n }, (_, i) => data.subarray(i * k, (i + 1) * k));
}

function requireNoZeroPoints(io: DeviceIO): void {
  for (const name of ['aZeroPoint', 'bZeroPoint'])
    if (((io[name] as PeerTensor).data as Codes).some((value) => value !== 0))
      throw new HalftoneError('HT_UNSUPPORTED', 'simsimd knows no zero points', { operand: name });
}
