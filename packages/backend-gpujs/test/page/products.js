// Large products, which have a kernel of their own.
import { openBackend, roundHalfEven, tensor } from '@halftone/core';
import gpujs from './backend.js';

/** The product as its formula says. */
function productOf(
  { batch, m, n, k, transposeB, bias, output },
  { a, aZeroPoint, ...rest },
  { b, bZeroPoint },
) {
  const [za] = aZeroPoint.data;
  const y = [];
  for (let stack = 0; stack < batch; stack++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const zb = bZeroPoint.data[bZeroPoint.data.length === 1 ? 0 : j];
        let sum = bias === 'int32' ? rest.bias.data[j] : 0;
        for (let at = 0; at < k; at++)
          sum +=
            (a.data[(stack * m + i) * k + at] - za) *
            (b.data[stack * k * n + (transposeB ? j * k + at : at * n + j)] - zb);
        y.push(
          output.type === 'int32'
            ? sum | 0
            : codeOfSum(sum | 0, rest.multiplier.data[j], rest.zeroPoint.data[0]),
        );
      }
  return y;
}

function codeOfSum(sum, multiplier, zeroPoint) {
  const t = Math.fround(Math.fround(sum) * multiplier);
  return roundHalfEven(Math.min(Math.max(t, -zeroPoint), 255 - zeroPoint)) + zeroPoint;
}

/** Large products, whose kernel is another, against their formula: odd sizes, deep sums of the largest products, both ways of weights. */
export async function products() {
  const backend = await openBackend(gpujs, { allowSoftware: true });
  let state = 1;
  const random = (lo, hi) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return lo + Math.floor((state / 2 ** 32) * (hi - lo + 1));
  };
  const [whole, codesOut] = [
    { type: 'int32' },
    { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' },
  ];
  const plainly = { transposeB: false, bZeroPoint: 'per-tensor', bias: 'none', output: whole };
  const trials = [
    { ...plainly, batch: 1, m: 128, n: 128, k: 128 },
    { ...plainly, batch: 1, m: 129, n: 131, k: 127, bZeroPoint: 'per-channel' },
    { ...plainly, batch: 1, m: 130, n: 129, k: 130, transposeB: true, bias: 'int32' },
    { ...plainly, batch: 3, m: 67, n: 65, k: 163 },
    {
      batch: 3,
      m: 66,
      n: 67,
      k: 165,
      transposeB: true,
      bZeroPoint: 'per-channel',
      bias: 'int32',
      output: codesOut,
    },
    {
      batch: 1,
      m: 90,
      n: 94,
      k: 258,
      transposeB: false,
      bZeroPoint: 'per-channel',
      bias: 'int32',
      output: codesOut,
    },
    { ...plainly, batch: 1, m: 33, n: 35, k: 2048, extreme: true },
    { ...plainly, batch: 1, m: 9, n: 67, k: 4096, transposeB: true, extreme: true },
    { ...plainly, batch: 1, m: 16, n: 17, k: 8256, extreme: true },
    // Sums that the form of the fast kernel does not hold.
    { ...plainly, batch: 1, m: 16, n: 17, k: 8257, extreme: true },
  ];
  const differing = {};
  for (const { extreme = false, ...rest } of trials) {
    const spec = { ...rest, a: 'uint8', b: 'int8' };
    const { batch, m, n, k, transposeB, bZeroPoint, bias, output } = spec;
    const channels = bZeroPoint === 'per-channel' ? n : 1;
    const fill = (count, lo, hi, most) =>
      Array.from({ length: count }, () => (extreme ? most : random(lo, hi)));
    const operands = {
      a: tensor('uint8', fill(batch * m * k, 0, 255, 255), [batch, m, k]),
      aZeroPoint: tensor('uint8', [extreme ? 0 : 7]),
    };
    const weights = {
      b: tensor('int8', fill(batch * n * k, -128, 127, -128), transposeB ? [batch, n, k] : [batch, k, n]),
      bZeroPoint: tensor('int8', fill(channels, -9, 9, 127)),
    };
    if (bias === 'int32')
      operands.bias = tensor(
        'int32',
        Array.from({ length: n }, () => random(-1e9, 1e9)),
      );
    if (output.type === 'codes') {
      operands.multiplier = tensor(
        'float32',
        Array.from({ length: n }, () => random(1, 1000) * 1e-10),
      );
      operands.zeroPoint = tensor('uint8', [130]);
    }
    const expected = productOf(spec, operands, weights);
    const prepared = backend.prepare('qgemm', spec, weights);
    const io = Object.fromEntries(
      Object.entries(operands).map(([name, each]) => [name, backend.upload(each)]),
    );
    io.y = backend.alloc({ dtype: output.dtype ?? 'int32', shape: [batch, m, n] });
    // Twice: the tiles of weights are made by the first run.
    prepared.run(io);
    prepared.run(io);
    const packed = (await backend.read(io.y)).data;
    const plain = (await backend.call('qgemm', spec, { ...operands, ...weights })).y.data;
    differing[`${batch}x${m}x${n}x${k} ${prepared.variant}`] = expected.filter(
      (value, i) => value !== packed[i] || value !== plain[i],
    ).length;
    prepared.dispose();
    for (const name in io) io[name].dispose();
  }
  await backend.dispose();
  return { differing };
}
