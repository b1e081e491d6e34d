// What a program does without any engine: loops in JavaScript over typed arrays.
import type { BackendProvider, KernelTable, OpSpecs } from '@halftone/core';
import { peerDriver, type PeerTensor, Timeline } from './peer-driver.ts';

type Arrays = Readonly<Record<string, ArrayBufferView>>;

/** Plain loops as a backend of what searching vectors needs: dot products of rows, products of signs, the first elements. */
export const loopsPeer: BackendProvider = {
  spec: 'backend/1',
  name: 'loops',
  probe: async () => ({ available: true, device: 'JavaScript' }),
  create: async () => {
    const timeline = new Timeline();
    const kernels: KernelTable = {
      qgemm: {
        supports: ({ batch, m, transposeB, bias, output }) =>
          (batch === 1 && m === 1 && transposeB && bias === 'none' && output.type === 'int32') || {
            reason: 'loops of a row against rows alone',
          },
        prepare: (spec) => kernel((io) => dots(spec, io)),
      },
      bgemm: {
        supports: ({ k }) => k % 32 === 0 || { reason: 'loops over whole words alone' },
        prepare: (spec) => kernel((io) => signs(spec, io)),
      },
      topK: {
        supports: ({ inner, largest }) =>
          (inner === 1 && largest) || { reason: 'a loop for the largest of a row alone' },
        prepare: (spec) => kernel((io) => first(spec, io)),
      },
    };
    const kernel = (loop: (io: Arrays) => void): ReturnType<NonNullable<KernelTable['topK']>['prepare']> => ({
      variant: 'loop',
      run: (io) =>
        timeline.enqueue(() =>
          loop(
            Object.fromEntries(Object.entries(io).map(([name, held]) => [name, (held as PeerTensor).data])),
          ),
        ),
      dispose() {},
    });
    return peerDriver({
      name: 'loops',
      device: 'JavaScript',
      timeline,
      kernels,
      numericClass: { qgemm: 'exact', bgemm: 'exact', topK: 'exact' },
    });
  },
};

function dots({ n, k }: OpSpecs['qgemm'], io: Arrays): void {
  const [a, b, y] = [io['a'] as Int8Array, io['b'] as Int8Array, io['y'] as Int32Array];
  const aZero = (io['aZeroPoint'] as Int8Array)[0]!;
  const zeros = io['bZeroPoint'] as Int8Array;
  for (let j = 0; j < n; j++) {
    const bZero = zeros[zeros.length === 1 ? 0 : j]!;
    let sum = 0;
    for (let i = 0; i < k; i++) sum = (sum + (a[i]! - aZero) * (b[j * k + i]! - bZero)) | 0;
    y[j] = sum;
  }
}

function words(bytes: ArrayBufferView): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function signs({ m, n, k }: OpSpecs['bgemm'], io: Arrays): void {
  const [a, b, y] = [words(io['a']!), words(io['b']!), io['y'] as Int32Array];
  const row = k / 32;
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let different = 0;
      for (let at = 0; at < row; at++) {
        let bits = a[i * row + at]! ^ b[j * row + at]!;
        bits -= (bits >>> 1) & 0x55555555;
        bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
        different += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
      }
      y[i * n + j] = k - 2 * different;
    }
}

/** Those so far stay sorted; one that is larger than the last of them moves up to its place. */
function first({ outer, extent, k }: OpSpecs['topK'], io: Arrays): void {
  const [x, values, indices] = [
    io['x'] as Float32Array,
    io['values'] as Float32Array,
    io['indices'] as Int32Array,
  ];
  for (let o = 0; o < outer; o++) {
    const start = o * k;
    for (let e = 0; e < extent; e++) {
      const value = x[o * extent + e]!;
      let place = start + Math.min(e, k);
      if (e >= k && !isAbove(value, values[place - 1]!)) continue;
      if (e >= k) place--;
      for (; place > start && isAbove(value, values[place - 1]!); place--) {
        values[place] = values[place - 1]!;
        indices[place] = indices[place - 1]!;
      }
      values[place] = value;
      indices[place] = e;
    }
  }
}

function isAbove(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b));
}
