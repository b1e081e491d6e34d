// gpu.js as its own texts multiply matrices: a thread an element, which reads one float of each operand at a time.
import {
  type BackendProvider,
  codeRange,
  type DeviceIO,
  dtypes,
  HalftoneError,
  type OpSpecs,
  type Refusal,
  sizeOf,
} from '@halftone/core';
import {
  type Forms,
  kernelTable,
  peerDriver,
  type PeerKernel,
  type PeerTensor,
  Timeline,
} from './peer-driver.ts';

/** What is used of the class `GPU` of gpu.js. */
export interface GpujsClass {
  new (settings: { readonly mode: 'webgl2' }): Gpu;
  readonly isWebGL2Supported: boolean;
}

interface Gpu {
  /** The one on which kernels draw, once there is a kernel. */
  readonly context: Context | null;
  createKernel(source: string, settings: object): Kernel;
  destroy(): Promise<void>;
}

interface Kernel {
  (...operands: readonly (Texture | readonly Float32Array[])[]): Promise<Texture>;
  destroy(): void;
}

/** Its elements are read row by row. */
interface Texture {
  toArray(): readonly Float32Array[] | Promise<readonly Float32Array[]>;
}

/** Of a WebGL2 context what tells when it is done. */
interface Context {
  readonly SYNC_GPU_COMMANDS_COMPLETE: number;
  readonly TIMEOUT_EXPIRED: number;
  fenceSync(condition: number, flags: number): object | null;
  clientWaitSync(sync: object, flags: number, timeout: number): number;
  deleteSync(sync: object): void;
  flush(): void;
}

/** gpu.js in float32 with a texture for each operand, and results that stay on the GPU. */
const settings = {
  precision: 'single',
  tactic: 'precision',
  pipeline: true,
  asyncMode: true,
} as const;

/** More products than these take this kernel seconds, where the CPU draws minutes. */
const MOST_PRODUCTS = 268_435_456;

interface Form {
  readonly variant: string;
  /** A function in JavaScript, as text: what makes pages small would rename what gpu.js reads. */
  readonly source: string;
  readonly output: readonly [columns: number, rows: number];
  /** Operands in the order of its parameters, as matrices of so many columns. */
  readonly operands: Readonly<Record<string, number>>;
  /** Operands whose zero points are taken off when they are brought. */
  readonly zeroPoints: Readonly<Record<string, string>>;
}

/** gpu.js as a backend of products: the kernel that it teaches, in float32 whatever the codes are. */
export function gpujsPeer(GPU: GpujsClass): BackendProvider {
  const name = 'gpu.js textbook';
  const device = 'WebGL2';
  return {
    spec: 'backend/1',
    name,
    probe: async () =>
      GPU.isWebGL2Supported
        ? { available: true, device }
        : { available: false, reason: 'gpu.js finds no WebGL2 here' },
    create: async () => {
      const timeline = new Timeline();
      const gpu = new GPU({ mode: 'webgl2' });
      const driver = peerDriver({
        name,
        device,
        timeline,
        kernels: kernelTable(forms, timeline, (form) => new GpujsKernel(gpu, form)),
        numericClass: { qgemm: 'exact', gemm: 'f32-relaxed' },
        fence: async () => {
          if (gpu.context) await drawn(gpu.context);
        },
      });
      return {
        ...driver,
        dispose: async () => {
          await driver.dispose();
          await gpu.destroy();
        },
      };
    },
  };
}

const forms: Forms<Form> = {
  qgemm(spec) {
    const { m, n, k, output } = spec;
    if (spec.bias !== 'none') return { reason: 'no bias is timed' };
    if (spec.bZeroPoint !== 'per-tensor') return { reason: 'one zero point is taken off' };
    const refusal = refusalOf(spec);
    if (refusal) return refusal;
    const operands = { a: k, b: spec.transposeB ? k : n };
    const zeroPoints = { a: 'aZeroPoint', b: 'bZeroPoint' };
    const variant = 'textbook, float32';
    if (output.type === 'int32')
      return { variant, source: product(spec, 'sum'), output: [n, m], operands, zeroPoints };
    if (output.type !== 'codes' || output.mode !== 'ort-f32')
      return { reason: 'sums, or codes of products of floats, are timed' };
    const [lo, hi] = output.clamp ?? codeRange(output.dtype);
    const at = output.multiplier === 'per-channel' ? 'this.thread.x' : '0';
    const code = `Math.round(sum * multiplier[0][${at}]) + zeroPoint[0][0]`;
    return {
      variant,
      source: product(spec, `Math.min(Math.max(${code}, ${lo}), ${hi})`, ', multiplier, zeroPoint'),
      output: [n, m],
      operands: { ...operands, multiplier: output.multiplier === 'per-channel' ? n : 1, zeroPoint: 1 },
      zeroPoints,
    };
  },
  gemm(spec) {
    const { m, n, k, transposeA, transposeB } = spec;
    if (spec.bias || spec.clamp || transposeA) return { reason: 'a plain product is timed' };
    const refusal = refusalOf(spec);
    if (refusal) return refusal;
    return {
      variant: 'textbook',
      source: product(spec, 'sum'),
      output: [n, m],
      operands: { a: k, b: transposeB ? k : n },
      zeroPoints: {},
    };
  },
};

function refusalOf({
  batch,
  m,
  n,
  k,
}: Pick<OpSpecs['gemm'], 'batch' | 'm' | 'n' | 'k'>): Refusal | undefined {
  if (batch !== 1) return { reason: 'no batch is timed' };
  if (m * n * k > MOST_PRODUCTS)
    return { reason: `it would take seconds for more than ${MOST_PRODUCTS} products` };
  return undefined;
}

function product(
  { k, transposeB }: Pick<OpSpecs['qgemm'], 'k' | 'transposeB'>,
  result: string,
  others = '',
): string {
  return `function (a, b${others}) {
  let sum = 0;
  for (let i = 0; i < ${k}; i++) {
    sum += a[this.thread.y][i] * b${transposeB ? '[this.thread.x][i]' : '[i][this.thread.x]'};
  }
  return ${result};
}`;
}

/** What brings an operand: a kernel that draws it once, for kernels that take textures. */
const copy = 'function (x) { return x[this.thread.y][this.thread.x]; }';

interface Resident {
  readonly tensor: PeerTensor;
  readonly version: number;
  readonly kernel: Kernel;
  readonly texture: Texture;
}

/** Operands stay on the GPU; only what was written anew is brought there. */
class GpujsKernel implements PeerKernel {
  readonly #gpu: Gpu;
  readonly #form: Form;
  readonly #kernel: Kernel;
  readonly #resident = new Map<string, Resident>();

  readonly variant: string;

  constructor(gpu: Gpu, form: Form) {
    this.variant = form.variant;
    this.#gpu = gpu;
    this.#form = form;
    this.#kernel = gpu.createKernel(form.source, { ...settings, output: form.output });
  }

  async run(io: DeviceIO): Promise<void> {
    const { operands, zeroPoints } = this.#form;
    const textures: Texture[] = [];
    for (const name in operands) {
      const zero = zeroPoints[name];
      textures.push(
        await this.#bring(
          name,
          io[name] as PeerTensor,
          zero === undefined ? undefined : (io[zero] as PeerTensor),
        ),
      );
    }
    const drawing = await this.#kernel(...textures);
    const output = io['y'] as PeerTensor;
    output.version++;
    output.fetch = async () => {
      const elements = new dtypes[output.dtype].Array(sizeOf(output.shape));
      let at = 0;
      for (const row of await drawing.toArray()) for (const value of row) elements[at++] = value as never;
      return elements;
    };
  }

  dispose(): void {
    this.#kernel.destroy();
    for (const { kernel } of this.#resident.values()) kernel.destroy();
    this.#resident.clear();
  }

  async #bring(name: string, tensor: PeerTensor, zeroPoint: PeerTensor | undefined): Promise<Texture> {
    if (tensor.fetch)
      throw new HalftoneError('HT_UNSUPPORTED', 'gpu.js is timed on operands that were uploaded', {
        operand: name,
      });
    const known = this.#resident.get(name);
    const version = tensor.version + (zeroPoint?.version ?? 0);
    if (known?.tensor === tensor && known.version === version) return known.texture;
    known?.kernel.destroy();
    const columns = this.#form.operands[name]!;
    const data = tensor.data as Float32Array;
    const zero = zeroPoint ? Number(zeroPoint.data[0]) : 0;
    const rows = Array.from({ length: data.length / columns }, (_, row) =>
      Float32Array.from(data.subarray(row * columns, (row + 1) * columns), (value) => value - zero),
    );
    const kernel = this.#gpu.createKernel(copy, { ...settings, output: [columns, rows.length] });
    const texture = await kernel(rows);
    this.#resident.set(name, { tensor, version, kernel, texture });
    return texture;
  }
}

/** Resolves when all that was asked for is drawn; asks as TensorFlow.js does, so that the renderer has the processor. */
async function drawn(gl: Context): Promise<void> {
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (sync === null) return;
  gl.flush();
  while (gl.clientWaitSync(sync, 0, 0) === gl.TIMEOUT_EXPIRED)
    await new Promise<void>((done) => setTimeout(done, 0));
  gl.deleteSync(sync);
}
