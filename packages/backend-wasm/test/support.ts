import { type Backend, isHalftoneError, type QGemmSpec, tensor } from '@halftone/core';
import { expect } from 'vitest';

/** Enough products for several parts. */
export const spec: QGemmSpec = {
  batch: 1,
  m: 120,
  n: 70,
  k: 130,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
};
const a = Uint8Array.from({ length: 120 * 130 }, (_, i) => (i * 37) & 255);
const b = Int8Array.from({ length: 130 * 70 }, (_, i) => (i * 91) | 0);

export const weights = { b: tensor('int8', b, [130, 70]), bZeroPoint: tensor('int8', [-5]) };
const operands = { a: tensor('uint8', a, [120, 130]), aZeroPoint: tensor('uint8', [3]) };

/** The product as its formula says. */
const expected: Int32Array = Int32Array.from({ length: 120 * 70 }, (_, at) => {
  const [i, j] = [Math.floor(at / 70), at % 70];
  let sum = 0;
  for (let k = 0; k < 130; k++) sum += (a[i * 130 + k]! - 3) * (b[k * 70 + j]! + 5);
  return sum;
});

/** Multiplies, and expects every sum. */
export async function expectProduct(backend: Backend): Promise<void> {
  const { y } = await backend.call('qgemm', spec, { ...operands, ...weights });
  expect(y!.data).toEqual(expected);
}

/** The code of what is thrown, `none` where nothing is. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return isHalftoneError(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'none';
}

/** Most bytes that one tensor may have now: what the heap has left, to the byte. */
export function room(backend: Backend): number {
  let [fits, fails] = [0, 2 ** 32];
  while (fails - fits > 1) {
    const bytes = Math.floor((fits + fails) / 2);
    try {
      backend.alloc({ dtype: 'uint8', shape: [bytes] }).dispose();
      fits = bytes;
    } catch (error) {
      if (!isHalftoneError(error, 'HT_OUT_OF_MEMORY')) throw error;
      fails = bytes;
    }
  }
  return fits;
}
