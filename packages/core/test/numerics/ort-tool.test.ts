import { describe, expect, test } from 'vitest';
import type { AnyCodeType } from '../../src/dtype.ts';
import { chooseParams, schemeCodes } from '../../src/numerics/params.ts';
import { quantizeTensor } from '../../src/numerics/quantize.ts';
import { tensor } from '../../src/tensor.ts';
import { tool } from './vectors.ts';

const schemeOf = ({ symmetric }: { symmetric: boolean }) => (symmetric ? 'symmetric' : 'asymmetric');

describe(`ONNX Runtime's quantization tool`, () => {
  test.each(tool.params.answers)(
    'parameters of $dtype, symmetric $symmetric, reduced $reduceRange',
    (answer) => {
      const dtype = answer.dtype as AnyCodeType;
      tool.params.ranges.forEach(([min, max], i) => {
        const options = { dtype, scheme: schemeOf(answer), reduceRange: answer.reduceRange } as const;
        const p = chooseParams({ min, max }, options);
        expect([p.scale[0], p.zeroPoint?.[0] ?? 0], `[${min}, ${max}]`).toEqual([
          answer.scales[i],
          answer.zeroPoints[i],
        ]);
      });
    },
  );

  test.each(tool.weights.answers)(
    'weights of $dtype along $axis, symmetric $symmetric, reduced $reduceRange',
    (answer) => {
      const { shape, values } = tool.weights;
      const q = quantizeTensor(tensor('float32', values, shape), {
        dtype: answer.dtype as AnyCodeType,
        scheme: schemeOf(answer),
        reduceRange: answer.reduceRange,
        granularity: answer.axis === null ? 'per-tensor' : { axis: answer.axis },
      });
      expect([...q.scale]).toEqual(answer.scales);
      const zeros = Array.from(answer.scales, (_, c) => q.zeroPoint?.[c] ?? 0);
      const channelOf = (i: number) =>
        answer.axis === null ? 0 : answer.axis === 0 ? Math.floor(i / shape[1]!) : i % shape[1]!;
      // A symmetric channel of zeros keeps the zero point of the others here; there it gets 0, which no kernel takes.
      const kept = (c: number) => (answer.symmetric ? Math.max(...answer.zeroPoints) : answer.zeroPoints[c]!);
      expect(zeros).toEqual(answer.zeroPoints.map((_, c) => kept(c)));
      // The tool cuts at the ends of the type, so a reduced range may be passed by one: ours keeps its bit free.
      const [, top] = schemeCodes(answer.dtype as AnyCodeType, schemeOf(answer), answer.reduceRange);
      expect([...q.codes.data]).toEqual(
        answer.codes.map((code, i) => {
          expect(code).toBeLessThanOrEqual(top + (answer.reduceRange ? 1 : 0));
          return Math.min(code - answer.zeroPoints[channelOf(i)]! + kept(channelOf(i)), top);
        }),
      );
    },
  );
});
