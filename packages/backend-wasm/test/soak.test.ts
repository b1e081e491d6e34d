import { openBackend, tensor } from '@halftone/core';
import { describe, expect, test, vi } from 'vitest';
import wasm from '../src/index.ts';
import { spec, weights } from './support.ts';

describe('a small heap', () => {
  test('does not grow in 100,000 rounds of weights, operands and runs', async () => {
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow');
    const small = await openBackend(wasm, { threads: 1, maxBytes: 1 << 20 });
    const tiny = { ...spec, m: 2, n: 8, k: 16 };
    const b = tensor('int8', new Int8Array(16 * 8).fill(2), [16, 8]);
    const a = tensor('uint8', new Uint8Array(2 * 16).fill(5), [2, 16]);
    const zero = tensor('uint8', [3]);
    const before = small.stats();
    let grown = 0;
    for (let round = 0; round < 100_000; round++) {
      const prepared = small.prepare('qgemm', tiny, { b, bZeroPoint: weights.bZeroPoint });
      const io = {
        a: small.upload(a),
        aZeroPoint: small.upload(zero),
        y: small.alloc({ dtype: 'int32', shape: [2, 8] }),
      };
      prepared.run(io);
      if (round % 10_000 === 0)
        expect((await small.read(io.y)).data).toEqual(new Int32Array(16).fill(16 * 2 * 7));
      prepared.dispose();
      for (const each of Object.values(io)) each.dispose();
      if (round === 0) grown = grow.mock.calls.length;
    }
    expect(grow).toHaveBeenCalledTimes(grown);
    expect(small.stats()).toEqual(before);
    await small.dispose();
  });
});
