import { openBackend, type QGemmSpec, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import native from '../src/index.ts';
import { available } from './support.ts';

const RUNS = 1_000_000;

describe.skipIf(!available)('a million small runs', () => {
  test('leave the counters at their baseline, and the memory flat', async () => {
    const backend = await openBackend(native);
    const spec: QGemmSpec = {
      batch: 1,
      m: 4,
      n: 20,
      k: 36,
      a: 'uint8',
      b: 'int8',
      transposeB: false,
      bZeroPoint: 'per-tensor',
      bias: 'none',
      output: { type: 'int32' },
    };
    const weights = {
      b: tensor('int8', new Int8Array(36 * 20).fill(3), [36, 20]),
      bZeroPoint: tensor('int8', [0]),
    };
    const a = tensor('uint8', new Uint8Array(4 * 36).fill(2), [4, 36]);
    const before = backend.stats();
    let prepared = backend.prepare('qgemm', spec, weights);
    let io = upload();
    function upload() {
      return {
        a: backend.upload(a),
        aZeroPoint: backend.upload(tensor('uint8', [1])),
        y: backend.alloc({ dtype: 'int32', shape: [4, 20] }),
      };
    }
    const resident: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      prepared.run(io);
      if (run % 100 === 99) {
        for (const operand of Object.values(io)) operand.dispose();
        io = upload();
      }
      if (run % 1000 === 999) {
        prepared.dispose();
        prepared = backend.prepare('qgemm', spec, weights);
      }
      if (run % (RUNS / 10) === RUNS / 10 - 1) {
        // What is freed goes back at the next turn of the event loop.
        await new Promise((done) => setImmediate(done));
        resident.push(process.memoryUsage.rss());
      }
    }
    prepared.run(io);
    expect((await backend.read(io.y)).data[0]).toBe(36 * (2 - 1) * 3);
    prepared.dispose();
    for (const operand of Object.values(io)) operand.dispose();
    expect(backend.stats()).toEqual(before);
    await backend.dispose();
    // After a fifth of the way everything that stays is there.
    const [early, late] = [resident[1]!, resident.at(-1)!];
    expect(late / early).toBeLessThan(1.1);
    console.log(`resident: ${resident.map((bytes) => (bytes / 1048576).toFixed(0)).join(' ')} MiB`);
  });
});
