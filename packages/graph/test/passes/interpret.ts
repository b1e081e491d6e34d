// A second, slow reading of the operators in float64, written for these tests alone.
import { attribute, type Attribute, type Graph, type Node } from '../../src/ir.ts';

export interface Value {
  readonly shape: readonly number[];
  readonly data: number[];
}

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const codes: Record<string, readonly [number, number]> = { uint8: [0, 255], int8: [-128, 127] };
const even = (x: number): number => {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
};

/** Runs a graph on plain numbers; gives every value by name. */
export function interpret(graph: Graph, feeds: Record<string, Value>): Record<string, Value> {
  const values: Record<string, Value> = { ...feeds };
  for (const [name, constant] of graph.constants) {
    values[name] = {
      shape: constant.shape,
      data: Array.from(constant.tensor().data as ArrayLike<number | bigint>, Number),
    };
  }
  const typeOf = (name: string | undefined): string =>
    graph.constants.get(name ?? '')?.elementType ?? 'uint8';
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => values[name]);
    const run = operators[node.op];
    if (!run) throw new Error(`no operator ${node.op}`);
    values[node.outputs[0]!] = run(inputs as Value[], node, (i) => codes[typeOf(node.inputs[i])]!);
  }
  return values;
}

type Operator = (inputs: Value[], node: Node, range: (input: number) => readonly [number, number]) => Value;

const ints = (node: Node, name: string, fallback: readonly number[]): readonly number[] => {
  const found = node.attributes[name] as Attribute | undefined;
  return found?.type === 'ints' ? found.value : fallback;
};
const int = (node: Node, name: string, fallback: number): number => {
  const found = node.attributes[name];
  return found?.type === 'int' || found?.type === 'float' ? found.value : fallback;
};

function broadcast(a: Value, b: Value, f: (x: number, y: number) => number): Value {
  const rank = Math.max(a.shape.length, b.shape.length);
  const pad = (v: Value): number[] => [...new Array<number>(rank - v.shape.length).fill(1), ...v.shape];
  const [sa, sb] = [pad(a), pad(b)];
  const shape = sa.map((d, i) => Math.max(d, sb[i]!));
  const at = (v: Value, s: number[], index: number[]): number =>
    v.data[s.reduce((o, d, i) => o * d + (d === 1 ? 0 : index[i]!), 0)]!;
  return { shape, data: indices(shape).map((index) => f(at(a, sa, index), at(b, sb, index))) };
}

function indices(shape: readonly number[]): number[][] {
  return Array.from({ length: size(shape) }, (_, i) => {
    const index = new Array<number>(shape.length);
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return index;
  });
}

const each = (x: Value, f: (v: number, i: number) => number): Value => ({
  shape: x.shape,
  data: x.data.map(f),
});
/** The parameter of element i along an axis. */
const along = (x: Value, p: Value | undefined, axis: number, i: number): number => {
  if (!p) return 0;
  return p.data.length === 1
    ? p.data[0]!
    : p.data[Math.floor(i / size(x.shape.slice(axis + 1))) % p.data.length]!;
};

function quantize(
  x: Value,
  scale: Value,
  zero: Value | undefined,
  [min, max]: readonly [number, number],
  axis = 1,
): Value {
  return each(x, (v, i) =>
    Math.min(Math.max(even(v / along(x, scale, axis, i)) + along(x, zero, axis, i), min), max),
  );
}
function dequantize(q: Value, scale: Value, zero: Value | undefined, axis = 1): Value {
  return each(q, (v, i) => (v - along(q, zero, axis, i)) * along(q, scale, axis, i));
}

function conv(x: Value, w: Value, b: Value | undefined, node: Node): Value {
  const [n, c, h, wd] = x.shape as [number, number, number, number];
  const [o, perGroup, kh, kw] = w.shape as [number, number, number, number];
  const [top, left, bottom, right] = ints(node, 'pads', [0, 0, 0, 0]) as [number, number, number, number];
  const [sh, sw] = ints(node, 'strides', [1, 1]) as [number, number];
  const groups = int(node, 'group', 1);
  const shape = [
    n,
    o,
    Math.floor((h + top + bottom - kh) / sh) + 1,
    Math.floor((wd + left + right - kw) / sw) + 1,
  ];
  const data = indices(shape).map(([ni, oi, yi, xi]) => {
    const first = Math.floor(oi! / (o / groups)) * perGroup;
    let sum = b ? b.data[oi!]! : 0;
    for (let ci = 0; ci < perGroup; ci++)
      for (let i = 0; i < kh; i++)
        for (let j = 0; j < kw; j++) {
          const [r, s] = [yi! * sh + i - top, xi! * sw + j - left];
          if (r < 0 || s < 0 || r >= h || s >= wd) continue;
          sum +=
            x.data[((ni! * c + first + ci) * h + r) * wd + s]! *
            w.data[((oi! * perGroup + ci) * kh + i) * kw + j]!;
        }
    return sum;
  });
  return { shape, data };
}

function convTranspose(x: Value, w: Value, b: Value | undefined, node: Node): Value {
  const [n, c, h, wd] = x.shape as [number, number, number, number];
  const [, perGroup, kh, kw] = w.shape as [number, number, number, number];
  const groups = int(node, 'group', 1);
  const shape = [n, perGroup * groups, h + kh - 1, wd + kw - 1];
  const y: Value = { shape, data: indices(shape).map(([, oi]) => (b ? b.data[oi!]! : 0)) };
  for (const [ni, ci, yi, xi] of indices(x.shape))
    for (let oi = 0; oi < perGroup; oi++)
      for (let i = 0; i < kh; i++)
        for (let j = 0; j < kw; j++) {
          const channel = Math.floor(ci! / (c / groups)) * perGroup + oi;
          const to = ((ni! * shape[1]! + channel) * shape[2]! + yi! + i) * shape[3]! + xi! + j;
          y.data[to] =
            y.data[to]! +
            x.data[((ni! * c + ci!) * h + yi!) * wd + xi!]! *
              w.data[((ci! * perGroup + oi) * kh + i) * kw + j]!;
        }
  return y;
}

function matmul(a: Value, b: Value): Value {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[1]!;
  const shape = [m, n];
  return {
    shape,
    data: indices(shape).map(([i, j]) =>
      Array.from({ length: k }, (_, p) => a.data[i! * k + p]! * b.data[p * n + j!]!).reduce(
        (s, v) => s + v,
        0,
      ),
    ),
  };
}

function transpose(x: Value, node: Node): Value {
  const perm = ints(node, 'perm', [...x.shape.keys()].reverse());
  const shape = perm.map((axis) => x.shape[axis]!);
  return {
    shape,
    data: indices(shape).map(
      (index) => x.data[x.shape.reduce((o, d, axis) => o * d + index[perm.indexOf(axis)]!, 0)]!,
    ),
  };
}

const turn = { op: '', attributes: { perm: attribute.ints([1, 0]) } } as unknown as Node;
const gemm = (a: Value, b: Value, c: Value | undefined, node: Node): Value => {
  const [left, right] = [
    int(node, 'transA', 0) ? transpose(a, turn) : a,
    int(node, 'transB', 0) ? transpose(b, turn) : b,
  ];
  const product = each(matmul(left, right), (v) => v * int(node, 'alpha', 1));
  return c ? broadcast(product, c, (x, y) => x + int(node, 'beta', 1) * y) : product;
};
const pool = (x: Value, node: Node, reduce: (window: number[]) => number): Value => {
  const [kh, kw] = ints(node, 'kernel_shape', []) as [number, number];
  const [sh, sw] = ints(node, 'strides', [1, 1]) as [number, number];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const shape = [n, c, Math.floor((h - kh) / sh) + 1, Math.floor((w - kw) / sw) + 1];
  const window = ([ni, ci, yi, xi]: number[]): number[] =>
    indices([kh, kw]).map(([i, j]) => x.data[((ni! * c + ci!) * h + yi! * sh + i!) * w + xi! * sw + j!]!);
  return { shape, data: indices(shape).map((index) => reduce(window(index))) };
};
const mean = (list: number[]): number => list.reduce((s, v) => s + v, 0) / list.length;
const globalMean = (x: Value): Value =>
  pool(x, { attributes: { kernel_shape: attribute.ints(x.shape.slice(2)) } } as unknown as Node, mean);
const reshape = (x: Value, to: readonly number[]): Value => {
  const shape = to.map((d, i) => (d === 0 ? x.shape[i]! : d));
  const free = shape.indexOf(-1);
  if (free >= 0) shape[free] = -size(x.shape) / size(shape);
  return { shape, data: x.data };
};
const clip = (x: Value, lo?: Value, hi?: Value): Value =>
  each(x, (v) => Math.min(Math.max(v, lo?.data[0] ?? -Infinity), hi?.data[0] ?? Infinity));
const biasScale = (c: Value | undefined, sx: Value, sw: Value): Value | undefined =>
  c && each(c, (v, i) => v * sx.data[0]! * sw.data[sw.data.length === 1 ? 0 : i]!);

const operators: Record<string, Operator> = {
  Identity: ([x]) => x!,
  Relu: ([x]) => each(x!, (v) => Math.max(v, 0)),
  Clip: ([x, lo, hi]) => clip(x!, lo, hi),
  Add: ([a, b]) => broadcast(a!, b!, (x, y) => x + y),
  Sub: ([a, b]) => broadcast(a!, b!, (x, y) => x - y),
  Mul: ([a, b]) => broadcast(a!, b!, (x, y) => x * y),
  Div: ([a, b]) => broadcast(a!, b!, (x, y) => x / y),
  Conv: ([x, w, b], node) => conv(x!, w!, b, node),
  ConvTranspose: ([x, w, b], node) => convTranspose(x!, w!, b, node),
  Gemm: ([a, b, c], node) => gemm(a!, b!, c, node),
  MatMul: ([a, b]) => matmul(a!, b!),
  Transpose: ([x], node) => transpose(x!, node),
  Reshape: ([x, shape]) => reshape(x!, shape!.data),
  Flatten: ([x]) => reshape(x!, [x!.shape[0]!, -1]),
  Concat: ([a, b]) => ({
    shape: [a!.shape[0]! + b!.shape[0]!, ...a!.shape.slice(1)],
    data: [...a!.data, ...b!.data],
  }),
  MaxPool: ([x], node) => pool(x!, node, (window) => Math.max(...window)),
  AveragePool: ([x], node) => pool(x!, node, mean),
  GlobalAveragePool: ([x]) => globalMean(x!),
  BatchNormalization: ([x, g, b, m, v], node) =>
    each(x!, (e, i) => {
      const c = Math.floor(i / size(x!.shape.slice(2))) % g!.data.length;
      return (
        ((e - m!.data[c]!) / Math.sqrt(v!.data[c]! + int(node, 'epsilon', 1e-5))) * g!.data[c]! + b!.data[c]!
      );
    }),
  QuantizeLinear: ([x, s, z], node, range) => quantize(x!, s!, z, range(2), int(node, 'axis', 1)),
  DequantizeLinear: ([q, s, z], node) => dequantize(q!, s!, z, int(node, 'axis', 1)),
  QLinearConv: ([x, xs, xz, w, ws, wz, ys, yz, b], node, range) =>
    quantize(
      conv(dequantize(x!, xs!, xz), dequantize(w!, ws!, wz, 0), biasScale(b, xs!, ws!), node),
      ys!,
      yz,
      range(7),
    ),
  QLinearMatMul: ([a, as, az, b, bs, bz, ys, yz], _, range) =>
    quantize(matmul(dequantize(a!, as!, az), dequantize(b!, bs!, bz)), ys!, yz, range(7)),
  MatMulIntegerToFloat: ([a, b, as, bs, az, bz]) => matmul(dequantize(a!, as!, az), dequantize(b!, bs!, bz)),
  QGemm: ([a, as, az, b, bs, bz, c, ys, yz], node, range) => {
    const y = gemm(
      dequantize(a!, as!, az),
      dequantize(b!, bs!, bz, int(node, 'transB', 0) ? 0 : 1),
      biasScale(c, as!, bs!),
      node,
    );
    return ys ? quantize(y, ys, yz, range(8)) : y;
  },
  QLinearAdd: ([a, as, az, b, bs, bz, cs, cz], _, range) =>
    quantize(
      broadcast(dequantize(a!, as!, az), dequantize(b!, bs!, bz), (x, y) => x + y),
      cs!,
      cz,
      range(7),
    ),
  QLinearGlobalAveragePool: ([x, xs, xz, ys, yz], _, range) =>
    quantize(globalMean(dequantize(x!, xs!, xz)), ys!, yz, range(4)),
  QLinearAveragePool: ([x, xs, xz, ys, yz], node, range) =>
    quantize(pool(dequantize(x!, xs!, xz), node, mean), ys!, yz, range(4)),
};
