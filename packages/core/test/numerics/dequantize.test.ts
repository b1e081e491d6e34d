import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CodeType, codeRange } from '../../src/dtype.ts';
import { type HalftoneErrorCode, isHalftoneError } from '../../src/errors.ts';
import { type QuantParams, type Scheme, schemeCodes } from '../../src/numerics/params.ts';
import { dequantizeArray, dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { tensor } from '../../src/tensor.ts';
import { ort } from './vectors.ts';

const fails = (code: HalftoneErrorCode) => expect.toSatisfy((e) => isHalftoneError(e, code));

describe('dequantize', () => {
  test('every code with every zero point of 8 bits comes back', () => {
    const scale = Math.fround(0.1);
    for (const dtype of ['int8', 'uint8'] as const) {
      const [min, max] = codeRange(dtype);
      const all = tensor(
        dtype,
        Array.from({ length: 256 }, (_, i) => min + i),
      );
      for (let zero = min; zero <= max; zero++) {
        const params = {
          dtype,
          scale: Float32Array.of(scale),
          zeroPoint: Int32Array.of(zero),
          axis: undefined,
        };
        const reals = dequantizeTensor({ codes: all, params });
        const back = quantizeTensor(reals, { dtype, scheme: 'asymmetric', scale, zeroPoint: zero });
        const ends = [reals.data[0], reals.data[255], reals.data[zero - min]];
        expect(ends).toEqual([Math.fround((min - zero) * scale), Math.fround((max - zero) * scale), 0]);
        expect(back.codes.data).toEqual(all.data);
      }
    }
  });

  test('int32 codes are rounded to float32 before the product, as in ONNX Runtime', () => {
    const { codes: q, scale, reals } = ort.dequantize;
    const params: QuantParams = {
      dtype: 'int32',
      scale: Float32Array.of(scale),
      zeroPoint: undefined,
      axis: undefined,
    };
    expect([...dequantizeTensor({ codes: tensor('int32', q), params }).data]).toEqual(reals);
  });

  test('reals come back within half a step, and quantizing them again changes nothing', () => {
    const schemes: [CodeType, Scheme][] = [
      ['int8', 'symmetric'],
      ['int8', 'asymmetric'],
      ['uint8', 'symmetric'],
      ['uint8', 'asymmetric'],
    ];
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1e5, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(...schemes),
        fc.boolean(),
        (values, [dtype, scheme], reduceRange) => {
          const x = tensor('float32', values);
          const q = quantizeTensor(x, { dtype, scheme, reduceRange });
          const [min, max] = schemeCodes(dtype, scheme, reduceRange);
          const step = q.scale[0] as number;
          const back = dequantizeTensor(q);
          // A zero point that was rounded, or a middle between two codes, moves one end by half a step more.
          const bound = step * (dtype === 'int8' && scheme === 'symmetric' ? 0.5001 : 1.0001);
          values.forEach((v, i) => {
            const code = q.codes.data[i] as number;
            expect(code).toBeGreaterThanOrEqual(min);
            expect(code).toBeLessThanOrEqual(max);
            expect(Math.abs((back.data[i] as number) - v)).toBeLessThanOrEqual(bound);
          });
          const again = quantizeTensor(back, { dtype, scheme, scale: step, zeroPoint: q.zeroPoint ?? 0 });
          expect(again.codes.data).toEqual(q.codes.data);
        },
      ),
    );
  });

  test('parameters that do not fit the codes are refused', () => {
    const params = { dtype: 'int8', scale: Float32Array.of(1, 2), zeroPoint: undefined, axis: 1 } as const;
    const codes = tensor('int8', [1, 2, 3, 4, 5, 6], [3, 2]);
    expect([...dequantizeTensor({ codes, params }).data]).toEqual([1, 4, 3, 8, 5, 12]);
    expect(() => dequantizeTensor({ codes, params: { ...params, axis: 0 } })).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
    expect(() => dequantizeTensor({ codes, params: { ...params, axis: undefined } })).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
    expect(() => dequantizeTensor({ codes, params: { ...params, axis: 2 } })).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
    expect(() => dequantizeArray(codes.data, params, new Float32Array(5), { shape: [3, 2] })).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
  });
});
