// TensorFlow.js, which has no integer products: the same work in float32, codes held as floats.
import {
  type BackendProvider,
  codeRange,
  type DeviceIO,
  dtypes,
  HalftoneError,
  type OpSpecs,
  type Tensor,
} from '@halftone/core';
import {
  type Forms,
  kernelTable,
  peerDriver,
  type PeerKernel,
  type PeerTensor,
  Timeline,
} from './peer-driver.ts';

/** What is used of the module @tensorflow/tfjs-core. */
export interface TfModule {
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  findBackend(name: string): { readonly gpgpu?: { createAndWaitForFence(): Promise<void> } } | null;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor;
  conv2d(
    x: TfTensor,
    w: TfTensor,
    strides: unknown,
    pad: unknown,
    format: 'NHWC',
    dilations: unknown,
  ): TfTensor;
  depthwiseConv2d(
    x: TfTensor,
    w: TfTensor,
    strides: unknown,
    pad: unknown,
    format: 'NHWC',
    dilations: unknown,
  ): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  round(x: TfTensor): TfTensor;
  clipByValue(x: TfTensor, lo: number, hi: number): TfTensor;
  tidy<T>(work: () => T): T;
}

interface TfTensor {
  data(): Promise<ArrayLike<number>>;
  dispose(): void;
}

export interface TfPeerOptions {
  /** `tfjs wasm`. */
  readonly name: string;
  /** Its own backend, registered and ready: `wasm`, `webgl`. */
  readonly backend: string;
}

/** The operands of a run on TensorFlow.js. */
type TfIO = Readonly<Record<string, TfTensor>>;

interface Form {
  readonly variant: string;
  /** Shapes and layouts that TensorFlow.js takes; left out: as they are. */
  readonly convert?: Readonly<Record<string, (value: Tensor) => readonly [Float32Array, readonly number[]]>>;
  compute(tf: TfModule, io: TfIO): TfTensor;
}

/** TensorFlow.js as a backend: products and convolutions, computed in float32 whatever their codes are. */
export function tfjsPeer(tf: TfModule, { name, backend }: TfPeerOptions): BackendProvider {
  return {
    spec: 'backend/1',
    name,
    probe: async () => ({ available: true, device: backend }),
    create: async () => {
      const timeline = new Timeline();
      const gpgpu = tf.findBackend(backend)?.gpgpu;
      return peerDriver({
        name,
        device: backend,
        timeline,
        kernels: kernelTable(forms, timeline, (form) => new TfKernel(tf, backend, form)),
        numericClass: { qgemm: 'exact', qconv2d: 'exact', gemm: 'f32-relaxed' },
        ...(gpgpu ? { fence: () => gpgpu.createAndWaitForFence() } : {}),
      });
    },
  };
}

const forms: Forms<Form> = {
  qgemm(spec) {
    const { batch, m, n, k, output } = spec;
    if (batch !== 1) return { reason: 'no batch is timed' };
    return {
      variant: 'matMul, float32',
      convert: {
        a: ({ data }) => [Float32Array.from(data as Int8Array), [m, k]],
        b: ({ data }) => [Float32Array.from(data as Int8Array), spec.transposeB ? [n, k] : [k, n]],
      },
      compute: (tf, io) =>
        wayOut(
          tf,
          tf.matMul(
            tf.sub(io['a']!, io['aZeroPoint']!),
            tf.sub(io['b']!, io['bZeroPoint']!),
            false,
            spec.transposeB,
          ),
          io,
          output,
        ),
    };
  },
  qconv2d(spec) {
    const { c, o, groups, kernel, strides, dilations, output } = spec;
    const [kh, kw] = kernel;
    const [top, left, bottom, right] = spec.pads;
    const depthwise = groups === c && o === c && groups > 1;
    if (groups !== 1 && !depthwise) return { reason: 'TensorFlow.js has no convolution in groups' };
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return {
      variant: `${depthwise ? 'depthwiseConv2d' : 'conv2d'}, float32`,
      convert: {
        w: ({ data }) => [
          spatialFirst(data as Int8Array, o, kh * kw, c / groups),
          depthwise ? [kh, kw, c, 1] : [kh, kw, c, o],
        ],
      },
      compute(tf, io) {
        const x = tf.sub(io['x']!, io['xZeroPoint']!);
        const w = tf.sub(io['w']!, io['wZeroPoint']!);
        const sums = depthwise
          ? tf.depthwiseConv2d(x, w, strides, pad, 'NHWC', dilations)
          : tf.conv2d(x, w, strides, pad, 'NHWC', dilations);
        return wayOut(tf, sums, io, output);
      },
    };
  },
  gemm(spec) {
    const { batch, m, n, k } = spec;
    if (batch !== 1 || spec.bias || spec.clamp) return { reason: 'a plain product is timed' };
    return {
      variant: 'matMul',
      convert: {
        a: ({ data }) => [data as Float32Array, spec.transposeA ? [k, m] : [m, k]],
        b: ({ data }) => [data as Float32Array, spec.transposeB ? [n, k] : [k, n]],
      },
      compute: (tf, io) => tf.matMul(io['a']!, io['b']!, spec.transposeA, spec.transposeB),
    };
  },
};

/** OHWI as HWIO; of one channel a group as HWO. */
function spatialFirst(data: ArrayLike<number>, o: number, area: number, inner: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let at = 0; at < o; at++)
    for (let place = 0; place < area; place++)
      for (let i = 0; i < inner; i++)
        out[(place * inner + i) * o + at] = data[(at * area + place) * inner + i]!;
  return out;
}

function wayOut(tf: TfModule, sums: TfTensor, io: TfIO, output: OpSpecs['qgemm']['output']): TfTensor {
  const biased = io['bias'] ? tf.add(sums, io['bias']) : sums;
  if (output.type === 'int32') return biased;
  const scaled = tf.mul(biased, io['multiplier']!);
  if (output.type === 'float32') return scaled;
  const [lo, hi] = output.clamp ?? codeRange(output.dtype);
  return tf.clipByValue(tf.add(tf.round(scaled), io['zeroPoint']!), lo, hi);
}

/** Operands stay where TensorFlow.js computes; only what was written anew is brought there. */
class TfKernel implements PeerKernel {
  readonly #tf: TfModule;
  readonly #backend: string;
  readonly #form: Form;
  readonly #resident = new Map<string, { tensor: PeerTensor; version: number; value: TfTensor }>();
  #result: TfTensor | undefined;

  readonly variant: string;

  constructor(tf: TfModule, backend: string, form: Form) {
    this.variant = form.variant;
    this.#tf = tf;
    this.#backend = backend;
    this.#form = form;
  }

  async run(io: DeviceIO): Promise<void> {
    // The module computes on one backend at a time, and another contestant may have had it.
    if (this.#tf.getBackend() !== this.#backend) await this.#tf.setBackend(this.#backend);
    const output = io['y'] as PeerTensor;
    const operands: Record<string, TfTensor> = {};
    for (const name in io) if (name !== 'y') operands[name] = this.#bring(name, io[name] as PeerTensor);
    this.#result?.dispose();
    const result = this.#tf.tidy(() => this.#form.compute(this.#tf, operands));
    this.#result = result;
    output.version++;
    output.fetch = async () => {
      const values = await result.data();
      const elements = new dtypes[output.dtype].Array(values.length);
      for (let i = 0; i < values.length; i++) elements[i] = values[i]! as never;
      return elements;
    };
  }

  dispose(): void {
    this.#result?.dispose();
    for (const { value } of this.#resident.values()) value.dispose();
    this.#resident.clear();
  }

  #bring(name: string, tensor: PeerTensor): TfTensor {
    if (tensor.fetch)
      throw new HalftoneError('HT_UNSUPPORTED', 'TensorFlow.js is timed on operands that were uploaded', {
        operand: name,
      });
    const known = this.#resident.get(name);
    if (known?.tensor === tensor && known.version === tensor.version) return known.value;
    known?.value.dispose();
    const convert = this.#form.convert?.[name];
    const [data, shape] = convert
      ? convert(tensor.tensor)
      : [Float32Array.from(tensor.data as Int8Array), tensor.shape];
    const value = this.#tf.tensor(data, shape);
    this.#resident.set(name, { tensor, version: tensor.version, value });
    return value;
  }
}
