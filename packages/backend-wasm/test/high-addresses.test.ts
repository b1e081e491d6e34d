import { type QGemmSpec, tensor } from '@halftone/core';
import { expect, test } from 'vitest';
import wasm from '../src/index.ts';

/** More than half of what 32 bits reach, so that addresses behind it would be negative as int32. */
const LOW_HALF = 2 ** 31 + 2 ** 20;
const [m, n, k] = [256, 40, 64];

test.each([1, 2])('kernels, calls and copies work above 2 GiB, with %i thread(s)', async (threads) => {
  const driver = await wasm.create({ threads, build: 'simd' });
  // Never touched: no page of it becomes real.
  driver.alloc({ dtype: 'uint8', shape: [LOW_HALF] });
  expect(driver.stats().liveBytes).toBe(LOW_HALF);
  const aCodes = Uint8Array.from({ length: m * k }, (_, i) => (i * 37) & 255);
  const bCodes = Int8Array.from({ length: k * n }, (_, i) => (i * 91) & 255);
  const spec: QGemmSpec = {
    batch: 1,
    m,
    n,
    k,
    a: 'uint8',
    b: 'int8',
    transposeB: false,
    bZeroPoint: 'per-tensor',
    bias: 'none',
    output: { type: 'int32' },
  };
  const provider = driver.kernels.qgemm!;
  const weights = { b: tensor('int8', bCodes, [k, n]), bZeroPoint: tensor('int8', Int8Array.of(3), [1]) };
  const kernel = provider.prepare(spec, provider.pack!(spec, weights));
  const a = driver.alloc({ dtype: 'uint8', shape: [m, k] });
  const aZeroPoint = driver.alloc({ dtype: 'uint8', shape: [1] });
  const y = driver.alloc({ dtype: 'int32', shape: [m, n] });
  driver.write(a, tensor('uint8', aCodes, [m, k]));
  driver.write(aZeroPoint, tensor('uint8', Uint8Array.of(9), [1]));
  kernel.run({ a, aZeroPoint, y });
  const { data } = await driver.read(y);
  await driver.dispose();
  const wanted = Int32Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let e = 0; e < k; e++) sum += (aCodes[i * k + e]! - 9) * (bCodes[e * n + j]! - 3);
    return sum;
  });
  expect(data).toEqual(wanted);
});
