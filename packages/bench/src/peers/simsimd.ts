// SimSIMD computes one product of two rows a call: a row against a matrix is a loop over it.
import { type BackendProvider, type DeviceIO, HalftoneError, type KernelTable } from '@halftone/core';
import { peerDriver, type PeerTensor, Timeline } from './peer-driver.ts';

/** What is used of the module simsimd. */
export interface SimsimdModule {
  dot(a: Int8Array | Uint8Array, b: Int8Array | Uint8Array): number;
  /** Bits that differ. */
  hamming(a: Uint8Array, b: Uint8Array): number;
}

/** SimSIMD as a backend of two ops: a row of codes, or rows of signs, against the rows of a matrix. */
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
        numericClass: { qgemm: 'exact', bgemm: 'exact' },
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
      prepare: ({ n, k }) => {
        const rows = rowsOf(n, k, requireNoZeroPoints);
        return {
          variant: 'dot',
          run: (io) =>
            timeline.enqueue(() => {
              const list = rows(io);
              const a = (io['a'] as PeerTensor).data as Codes;
              const y = (io['y'] as PeerTensor).data as Int32Array;
              for (let i = 0; i < list.length; i++) y[i] = simsimd.dot(a, list[i]!);
            }),
          dispose() {},
        };
      },
    },
    bgemm: {
      supports: ({ k }) => k % 8 === 0 || { reason: 'simsimd compares whole bytes' },
      prepare: ({ m, n, k }) => {
        const rows = rowsOf(n, k / 8);
        return {
          variant: 'hamming',
          run: (io) =>
            timeline.enqueue(() => {
              const list = rows(io) as readonly Uint8Array[];
              const a = (io['a'] as PeerTensor).data as Uint8Array;
              const y = (io['y'] as PeerTensor).data as Int32Array;
              for (let i = 0; i < m; i++) {
                const row = a.subarray((i * k) / 8, ((i + 1) * k) / 8);
                for (let j = 0; j < n; j++) y[i * n + j] = k - 2 * simsimd.hamming(row, list[j]!);
              }
            }),
          dispose() {},
        };
      },
    },
  };
}

type Codes = Int8Array | Uint8Array;

/** The rows of operand b, cut anew where it was written since. */
function rowsOf(
  count: number,
  length: number,
  check: (io: DeviceIO) => void = () => {},
): (io: DeviceIO) => readonly Codes[] {
  let rows:
    | { readonly of: PeerTensor; readonly version: number; readonly list: readonly Codes[] }
    | undefined;
  return (io) => {
    const b = io['b'] as PeerTensor;
    if (rows?.of !== b || rows.version !== b.version) {
      check(io);
      const data = b.data as Codes;
      const list = Array.from({ length: count }, (_, i) => data.subarray(i * length, (i + 1) * length));
      rows = { of: b, version: b.version, list };
    }
    return rows.list;
  };
}

function requireNoZeroPoints(io: DeviceIO): void {
  for (const name of ['aZeroPoint', 'bZeroPoint'])
    if (((io[name] as PeerTensor).data as Codes).some((value) => value !== 0))
      throw new HalftoneError('HT_UNSUPPORTED', 'simsimd knows no zero points', { operand: name });
}
