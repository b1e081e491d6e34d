import { describe, expect, it, test } from 'vitest';
import { type Bnb4Type, dequantizeBnb4, quantizeBnb4 } from '../../src/formats/packing/bnb4.ts';
import { dequantizeGather, quantizeGather } from '../../src/formats/packing/gather-blocks.ts';
import { dequantizeGguf, type GgufType, quantizeGguf } from '../../src/formats/packing/gguf.ts';
import { dequantizeNBits, quantizeNBits } from '../../src/formats/packing/matmul-nbits.ts';
import { tensor } from '../../src/tensor.ts';
import { readVectors } from '../numerics/vectors.ts';

interface Matrix {
  readonly k: number;
  readonly n: number;
  readonly block: number;
  readonly weights: readonly number[];
  readonly packed: readonly number[];
}
interface Vectors {
  readonly nbits: readonly (Matrix & {
    readonly bits: 2 | 4 | 8;
    readonly symmetric: boolean;
    readonly scale: readonly number[];
    readonly zeroPoint: readonly number[];
  })[];
  readonly bnb4: readonly (Matrix & { readonly type: Bnb4Type; readonly absmax: readonly number[] })[];
}

const vectors = readVectors<Vectors>('packing-vectors.json');
const gguf = readVectors<{
  readonly packed: readonly {
    readonly type: GgufType;
    readonly values: readonly number[];
    readonly bytes: readonly number[];
    readonly reals: readonly number[];
  }[];
  readonly q4k: readonly { readonly bytes: readonly number[]; readonly reals: readonly number[] }[];
}>('gguf-vectors.json');
const gather = readVectors<{
  readonly tables: readonly {
    readonly bits: 4 | 8;
    readonly rows: number;
    readonly width: number;
    readonly block: number;
    readonly packed: readonly number[];
    readonly scale: readonly number[];
    readonly zeroPoint: readonly number[] | null;
    readonly reals: readonly number[];
  }[];
}>('gather-vectors.json');
const fails = (code: string) => expect.objectContaining({ code });

describe('MatMulNBits', () => {
  test.each(
    vectors.nbits.map(
      (v) =>
        [
          `${v.bits} bits, ${v.symmetric ? 'symmetric' : 'asymmetric'}, [${v.k}, ${v.n}] by ${v.block}`,
          v,
        ] as const,
    ),
  )(
    '%s: bytes, scales and zero points of ONNX Runtime',
    (_, { k, n, bits, block, symmetric, weights, packed, scale, zeroPoint }) => {
      const matrix = quantizeNBits(tensor('float32', weights, [k, n]), { bits, block, symmetric });
      expect(Array.from(matrix.scale)).toEqual(scale);
      // The elements that fill the last block up are nobody's: ONNX Runtime leaves what its loop leaves there.
      const perRow = (Math.ceil(k / block) * block * bits) / 8;
      const used = Math.floor((k * bits) / 8);
      for (let column = 0; column < n; column++) {
        const row = (bytes: ArrayLike<number>) =>
          Array.from(bytes).slice(column * perRow, column * perRow + used);
        expect(row(matrix.packed)).toEqual(row(packed));
      }
      if (symmetric) expect(matrix.zeroPoint).toBeUndefined();
      else expect(Array.from(matrix.zeroPoint!)).toEqual(zeroPoint);
      const back = dequantizeNBits(matrix).data;
      const steps = Math.max(...scale.map(Math.abs));
      weights.forEach((w, i) => expect(Math.abs(back[i]! - w)).toBeLessThanOrEqual(1.0001 * steps));
    },
  );

  it('takes the element of largest magnitude, with its sign, as code 0', () => {
    const block = (extreme: number) => [extreme, ...new Array<number>(15).fill(0.5)];
    const scaleOf = (extreme: number): number =>
      quantizeNBits(tensor('float32', block(extreme), [16, 1]), { block: 16 }).scale[0]!;
    expect([scaleOf(-1), scaleOf(1)]).toEqual([0.125, -0.125]);
    expect(dequantizeNBits(quantizeNBits(tensor('float32', block(1), [16, 1]), { block: 16 })).data[0]).toBe(
      1,
    );
  });

  it('refuses blocks and bits that the operator does not have', () => {
    const w = tensor('float32', [1, 2], [2, 1]);
    expect(() => quantizeNBits(w, { block: 8 })).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => quantizeNBits(w, { block: 48 })).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => quantizeNBits(w, { bits: 3 as 4 })).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => quantizeNBits(tensor('float32', [1, 2]))).toThrow(fails('HT_SHAPE_MISMATCH'));
  });
});

describe('MatMulBnb4', () => {
  test.each(vectors.bnb4.map((v) => [v.type, v.block, v] as const))(
    '%s by %d: bytes and scales of ONNX Runtime',
    (_, __, { k, n, block, type, weights, packed, absmax }) => {
      const matrix = quantizeBnb4(tensor('float32', weights, [k, n]), { type, block });
      expect(Array.from(matrix.absmax)).toEqual(absmax);
      expect(Array.from(matrix.packed)).toEqual(packed);
      const back = dequantizeBnb4(matrix).data;
      weights.forEach((w, i) => expect(Math.abs(back[i]! - w)).toBeLessThan(0.35 * Math.max(...absmax)));
    },
  );

  it('has the even element in the high half: 0xF7 is 1 and 0', () => {
    const matrix = quantizeBnb4(tensor('float32', [3, 0], [2, 1]));
    expect([Array.from(matrix.packed), Array.from(matrix.absmax)]).toEqual([[0xf7], [3]]);
    expect(Array.from(dequantizeBnb4(matrix).data)).toEqual([3, 0]);
  });

  it('refuses a block that is none', () => {
    expect(() => quantizeBnb4(tensor('float32', [1], [1, 1]), { block: 0 })).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
  });
});

describe('GGUF blocks', () => {
  // -8 at place 3 makes d = 1; place j stands in the low, j + 16 in the high half of byte j.
  const values = Float32Array.from({ length: 32 }, (_, i) =>
    i === 3 ? -8 : i === 16 ? 7 : i === 1 ? 2.5 : 0,
  );

  it('Q4_0: golden bytes', () => {
    const bytes = quantizeGguf(values, 'Q4_0');
    expect(Array.from(bytes)).toEqual([
      0x00,
      0x3c,
      0xf8,
      0x8b,
      0x88,
      0x80,
      ...new Array<number>(12).fill(0x88),
    ]);
    const back = dequantizeGguf(bytes, 'Q4_0');
    expect([back[0], back[1], back[3], back[16], back[17]]).toEqual([0, 3, -8, 7, 0]);
  });

  it('Q8_0: golden bytes', () => {
    const bytes = quantizeGguf(
      Float32Array.from(values, (x) => x * 15.875),
      'Q8_0',
    );
    // absmax is 127, so d = 1.
    expect(Array.from(bytes.subarray(0, 6))).toEqual([0x00, 0x3c, 0, 40, 0, 129]);
    expect(dequantizeGguf(bytes, 'Q8_0')[3]).toBe(-127);
  });

  test.each(gguf.packed)('$type: bytes and reals of gguf-py', ({ type, values: given, bytes, reals }) => {
    const packed = quantizeGguf(Float32Array.from(given), type);
    expect(Array.from(packed)).toEqual(bytes);
    expect(Array.from(dequantizeGguf(packed, type))).toEqual(reals);
  });

  test.each(gguf.q4k)('Q4_K: reals of gguf-py, every bit of the factors in use', ({ bytes, reals }) => {
    expect(Array.from(dequantizeGguf(Uint8Array.from(bytes), 'Q4_K'))).toEqual(reals);
  });

  it('Q4_K: each element is at most half a step of its block away, and a step for the rounded factors', () => {
    const sizes = [1, 0.5, 2, 0.1, 1.5, 0.7, 3, 0.9];
    const given = Float32Array.from({ length: 512 }, (_, i) => {
      const size = sizes[(i >> 5) % 8]!;
      return size * ((((i * 61) % 127) / 63 - 1) * (i < 256 ? 1 : 0.25) + (i % 64 < 32 ? 0.4 : 0));
    });
    const bytes = quantizeGguf(given, 'Q4_K');
    expect(bytes.length).toBe(288);
    const back = dequantizeGguf(bytes, 'Q4_K');
    for (let j = 0; j < 16; j++) {
      const block = given.subarray(j * 32, j * 32 + 32);
      const step = (Math.max(0, ...block) - Math.min(0, ...block)) / 15;
      const coarsest = (3 * 2.4) / 15 / 63;
      block.forEach((x, i) => expect(Math.abs(back[j * 32 + i]! - x)).toBeLessThan(step + 16 * coarsest));
    }
  });

  it('of zeros are zeros, and of part of a block refused', () => {
    for (const type of ['Q4_0', 'Q8_0', 'Q4_K'] as const) {
      expect(dequantizeGguf(quantizeGguf(new Float32Array(256), type), type).every((x) => x === 0)).toBe(
        true,
      );
      expect(() => quantizeGguf(new Float32Array(31), type)).toThrow(fails('HT_SHAPE_MISMATCH'));
      expect(() => dequantizeGguf(new Uint8Array(35), type)).toThrow(fails('HT_SHAPE_MISMATCH'));
    }
  });
});

describe('GatherBlockQuantized', () => {
  test.each(gather.tables)('$bits bits, [$rows, $width] by $block: reals of ONNX Runtime', (v) => {
    const { bits, rows, width, block } = v;
    const table = {
      bits,
      rows,
      width,
      block,
      packed: Uint8Array.from(v.packed),
      scale: Float32Array.from(v.scale),
      zeroPoint: v.zeroPoint ? Uint8Array.from(v.zeroPoint) : undefined,
    };
    expect(Array.from(dequantizeGather(table).data)).toEqual(v.reals);
  });

  test.each([
    [4, true],
    [4, false],
    [8, true],
    [8, false],
  ] as const)('%i bits, symmetric %s: what is read is at most half a step away', (bits, symmetric) => {
    const [rows, width] = [3, 37];
    const x = Array.from({ length: rows * width }, (_, i) => (i < width ? 0 : ((i * 29) % 83) / 20 - 1.5));
    const table = quantizeGather(tensor('float32', x, [rows, width]), { bits, block: 16, symmetric });
    expect(table.packed.length).toBe(rows * (bits === 4 ? 19 : 37));
    expect(table.scale.length).toBe(rows * 3);
    expect(table.zeroPoint?.length).toBe(symmetric ? undefined : rows * (bits === 4 ? 2 : 3));
    const back = dequantizeGather(table).data;
    x.forEach((v, i) => {
      const step = table.scale[Math.floor(i / width) * 3 + Math.floor((i % width) / 16)]!;
      // The positive end of a symmetric range is half a step short of its last code.
      expect(Math.abs(back[i]! - v)).toBeLessThanOrEqual((symmetric ? 0.51 : 0.5001) * step);
    });
  });

  it('refuses other bits and blocks', () => {
    const x = tensor('float32', [1, 2], [1, 2]);
    expect(() => quantizeGather(x, { bits: 2 as 4 })).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => quantizeGather(x, { block: 24 })).toThrow(fails('HT_INVALID_ARGUMENT'));
  });
});
