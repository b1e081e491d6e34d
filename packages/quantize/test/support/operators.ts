import { dequantizeArray, dynamicParams, quantizeArray, type Tensor, tensor, zeros } from '@halftone/core';
import { intAttr, intsAttr, type Node } from '@halftone/graph';
import { convolve, product } from './products.ts';

type F32 = Tensor<'float32'>;
export type Op = (inputs: readonly Tensor[], node: Node) => Tensor[];

const floats = (t: Tensor | undefined): Float32Array => t?.data as Float32Array;
const shapeOf = (t: Tensor | undefined): readonly number[] => (t as Tensor).shape;
const map =
  (f: (v: number) => number): Op =>
  ([x]) => [tensor('float32', floats(x).map(f), shapeOf(x))];
const reshape = (x: Tensor, shape: readonly number[]): Tensor => ({ ...x, shape }) as Tensor;

function conv([x, w, b]: readonly Tensor[], node: Node): Tensor[] {
  const { sums, shape } = convolve(
    x as F32,
    w as F32,
    node,
    (i) => floats(x)[i] as number,
    (i) => floats(w)[i] as number,
  );
  const plane = (shape[2] as number) * (shape[3] as number);
  const bias = b ? floats(b) : new Float32Array(shape[1] as number);
  return [
    tensor(
      'float32',
      Float32Array.from(sums, (v, i) => v + (bias[Math.floor(i / plane) % bias.length] as number)),
      shape,
    ),
  ];
}

const codesAt =
  (t: Tensor, zero: Tensor | undefined) =>
  (i: number): number =>
    (t.data[i] as number) - Number(zero?.data[0] ?? 0);

function convInteger([x, w, xz, wz]: readonly Tensor[], node: Node): Tensor[] {
  const { sums, shape } = convolve(
    x as Tensor,
    w as Tensor,
    node,
    codesAt(x as Tensor, xz),
    codesAt(w as Tensor, wz),
  );
  return [tensor('int32', Int32Array.from(sums), shape)];
}

function gemm([a, b, c]: readonly Tensor[], node: Node): Tensor[] {
  const [m, k] = shapeOf(a) as [number, number];
  const transposed = intAttr(node, 'transB', 0) === 1;
  const n = shapeOf(b)[transposed ? 0 : 1] as number;
  const alpha = node.attributes['alpha']?.type === 'float' ? node.attributes['alpha'].value : 1;
  const beta = node.attributes['beta']?.type === 'float' ? node.attributes['beta'].value : 1;
  const sums = product(
    m,
    k,
    n,
    (i) => floats(a)[i] as number,
    (l, j) => floats(b)[transposed ? j * k + l : l * n + j] as number,
  );
  const bias = c ? floats(c) : Float32Array.of(0);
  return [
    tensor(
      'float32',
      Float32Array.from(sums, (v, i) => alpha * v + beta * (bias[bias.length === 1 ? 0 : i % n] as number)),
      [m, n],
    ),
  ];
}

function matMul([a, b]: readonly Tensor[]): Tensor[] {
  const [k, n] = shapeOf(b).slice(-2) as [number, number];
  const m = floats(a).length / k;
  const out = product(
    m,
    k,
    n,
    (i) => floats(a)[i] as number,
    (l, j) => floats(b)[l * n + j] as number,
  );
  return [tensor('float32', Float32Array.from(out), [...(shapeOf(a).slice(0, -1) as number[]), n])];
}

function matMulInteger([a, b, az, bz]: readonly Tensor[]): Tensor[] {
  const [k, n] = shapeOf(b) as [number, number];
  const m = (a as Tensor).data.length / k;
  const [at, bt] = [codesAt(a as Tensor, az), codesAt(b as Tensor, bz)];
  const out = product(m, k, n, at, (l, j) => bt(l * n + j));
  return [tensor('int32', Int32Array.from(out), [m, n])];
}

/** Elementwise, the second operand broadcast from the right. */
const binary =
  (f: (a: number, b: number) => number): Op =>
  ([a, b]) => {
    const [big, small] = floats(a).length >= floats(b).length ? [a, b] : [b, a];
    const shape = shapeOf(big);
    const other = shapeOf(small);
    const padded = [...shape.map(() => 1).slice(other.length), ...other];
    const at = (i: number): number => {
      let index = 0;
      let rest = i;
      let stride = 1;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        const extent = shape[axis] as number;
        if (padded[axis] !== 1) index += (rest % extent) * stride;
        stride *= padded[axis] as number;
        rest = Math.floor(rest / extent);
      }
      return floats(small)[index] as number;
    };
    return [
      tensor(
        'float32',
        floats(big).map((v, i) => f(v, at(i))),
        shape,
      ),
    ];
  };

function globalAveragePool([x]: readonly Tensor[]): Tensor[] {
  const [n, c, h, w] = shapeOf(x) as [number, number, number, number];
  const plane = h * w;
  const out = Float32Array.from(
    { length: n * c },
    (_, i) =>
      floats(x)
        .subarray(i * plane, (i + 1) * plane)
        .reduce((s, v) => s + v, 0) / plane,
  );
  return [tensor('float32', out, [n, c, 1, 1])];
}

function maxPool([x]: readonly Tensor[], node: Node): Tensor[] {
  const [n, c, h, w] = shapeOf(x) as [number, number, number, number];
  const [kh, kw] = intsAttr(node, 'kernel_shape', [1, 1]) as [number, number];
  const out = zeros('float32', [n, c, h / kh, w / kw]);
  out.data.fill(-Infinity);
  floats(x).forEach((v, i) => {
    const [plane, y, z] = [Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w];
    const at = (plane * (h / kh) + Math.floor(y / kh)) * (w / kw) + Math.floor(z / kw);
    out.data[at] = Math.max(out.data[at] as number, v);
  });
  return [out];
}

function transpose([x]: readonly Tensor[], node: Node): Tensor[] {
  const from = shapeOf(x);
  const perm = intsAttr(
    node,
    'perm',
    from.map((_, i) => from.length - 1 - i),
  );
  const shape = perm.map((axis) => from[axis] as number);
  const strides = from.map((_, i) => from.slice(i + 1).reduce((a, b) => a * b, 1));
  const data = floats(x).slice();
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (rest % (shape[axis] as number)) * (strides[perm[axis] as number] as number);
      rest = Math.floor(rest / (shape[axis] as number));
    }
    data[i] = floats(x)[index] as number;
  }
  return [tensor('float32', data, shape)];
}

/** Along axis 1 of tensors with one row of it. */
function concat(inputs: readonly Tensor[]): Tensor[] {
  const [first] = inputs as [Tensor];
  const [n, ...rest] = first.shape as [number, ...number[]];
  const parts: Float32Array[] = [];
  for (let b = 0; b < n; b++)
    for (const t of inputs)
      parts.push(floats(t).subarray((b * t.data.length) / n, ((b + 1) * t.data.length) / n));
  const channels = inputs.reduce((sum, t) => sum + (t.shape[1] as number), 0);
  const data = new Float32Array(parts.reduce((sum, p) => sum + p.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return [tensor('float32', data, [n, channels, ...rest.slice(1)])];
}

function paramsOf(scale: Tensor, zero: Tensor | undefined, node: Node, codes: Tensor | undefined) {
  const dtype = (zero ?? codes)?.dtype as 'int8' | 'uint8';
  const axis = scale.shape.length === 0 ? undefined : intAttr(node, 'axis', 1);
  return { dtype, scale: floats(scale), zeroPoint: zero && Int32Array.from(zero.data as Int8Array), axis };
}

/** Each operator by its definition, slow and plain. */
export const operators: Readonly<Record<string, Op>> = {
  Conv: conv,
  ConvInteger: convInteger,
  Gemm: gemm,
  MatMul: matMul,
  MatMulInteger: matMulInteger,
  Add: binary((a, b) => a + b),
  Mul: binary((a, b) => a * b),
  Relu: map((v) => Math.max(v, 0)),
  Sqrt: map(Math.sqrt),
  Clip: ([x, lo, hi]) => [
    tensor(
      'float32',
      floats(x).map((v) =>
        Math.min(
          Math.max(v, lo ? (floats(lo)[0] as number) : -Infinity),
          hi ? (floats(hi)[0] as number) : Infinity,
        ),
      ),
      shapeOf(x),
    ),
  ],
  Cast: ([x]) => [tensor('float32', Float32Array.from(x?.data as Int32Array), shapeOf(x))],
  GlobalAveragePool: globalAveragePool,
  MaxPool: maxPool,
  Transpose: transpose,
  Concat: concat,
  Flatten: ([x]) => [
    reshape(x as Tensor, [
      shapeOf(x)[0] as number,
      (shapeOf(x).slice(1) as number[]).reduce((a, b) => a * b, 1),
    ]),
  ],
  Reshape: ([x, shape]) => {
    const dims = Array.from(shape?.data as BigInt64Array, Number);
    const known = dims.reduce((a, b) => (b === -1 ? a : a * b), 1);
    return [
      reshape(
        x as Tensor,
        dims.map((d) => (d === -1 ? (x as Tensor).data.length / known : d)),
      ),
    ];
  },
  QuantizeLinear: ([x, scale, zero], node) => {
    const codes = zeros(zero?.dtype as 'uint8', shapeOf(x));
    quantizeArray(floats(x), paramsOf(scale as Tensor, zero, node, undefined), codes.data);
    return [codes];
  },
  DequantizeLinear: ([codes, scale, zero], node) => {
    const out = zeros('float32', shapeOf(codes));
    dequantizeArray(codes?.data as Int32Array, paramsOf(scale as Tensor, zero, node, codes), out.data, {
      shape: out.shape,
    });
    return [out];
  },
  DynamicQuantizeLinear: ([x]) => {
    const params = dynamicParams(Math.min(...floats(x)), Math.max(...floats(x)));
    const codes = zeros('uint8', shapeOf(x));
    quantizeArray(floats(x), params, codes.data);
    return [
      codes,
      tensor('float32', params.scale, []),
      tensor('uint8', Array.from(params.zeroPoint as Int32Array), []),
    ];
  },
};
