// ONNX Runtime, in Node and in pages, as a backend and as a runner of networks.
import {
  type BackendProvider,
  type DeviceIO,
  type DeviceTensor,
  dtypes,
  HalftoneError,
  opNames,
  type OpName,
  type Tensor,
} from '@halftone/core';
import { serializeOnnx } from '@halftone/onnx';
import type { NetworkRunner, NetworkSession } from '../contestant.ts';
import { modelOf, type OrtForm } from './ort-form.ts';
import { ortForms } from './ort-forms.ts';
import { kernelTable, peerDriver, type PeerKernel, type PeerTensor, Timeline } from './peer-driver.ts';

/** What is used of the modules onnxruntime-node and onnxruntime-web. */
export interface OrtModule {
  readonly InferenceSession: { create(model: never, options: OrtSessionOptions): Promise<OrtSession> };
  readonly Tensor: new (type: never, data: never, dims: readonly number[]) => OrtTensor;
}

interface OrtSessionOptions {
  readonly executionProviders: readonly string[];
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly executionMode: 'sequential';
  readonly logSeverityLevel: 3;
}

interface OrtTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly type: string;
}

interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  run(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor>,
  ): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface OrtPeerOptions {
  /** `onnxruntime-node`. */
  readonly name: string;
  readonly threads: number;
  /** `cpu` in Node, `wasm` in onnxruntime-web. */
  readonly executionProvider: string;
  /** Results are written into arrays that are handed in, which onnxruntime-web does not do. */
  readonly writesOutputs: boolean;
}

function sessionOptions({ threads, executionProvider }: OrtPeerOptions): OrtSessionOptions {
  return {
    executionProviders: [executionProvider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  };
}

/** ONNX Runtime as a backend: each op is a model of one node, its weights and parameters initializers. */
export function ortPeer(ort: OrtModule, options: OrtPeerOptions): BackendProvider {
  return {
    spec: 'backend/1',
    name: options.name,
    probe: async () => ({ available: true, device: deviceOf(options) }),
    create: async () => {
      const timeline = new Timeline();
      return peerDriver({
        name: options.name,
        device: deviceOf(options),
        kernels: kernelTable(ortForms, timeline, (form) => new OrtKernel(ort, options, form)),
        timeline,
        numericClass: Object.fromEntries(opNames.map((op) => [op, 'exact'])) as Record<OpName, 'exact'>,
      });
    },
  };
}

function deviceOf({ executionProvider, threads }: OrtPeerOptions): string {
  return `${executionProvider}, ${threads} thread${threads === 1 ? '' : 's'}`;
}

/** A session that is made when the values of its initializers are known, at the first run. */
class OrtKernel implements PeerKernel {
  readonly #ort: OrtModule;
  readonly #options: OrtPeerOptions;
  readonly #form: OrtForm;
  #session: OrtSession | undefined;
  /** What the initializers were made of. */
  #made: readonly (readonly [DeviceTensor, number])[] = [];
  #bound:
    | { readonly io: DeviceIO; readonly feeds: Record<string, OrtTensor>; fetches: Record<string, OrtTensor> }
    | undefined;

  readonly variant: string;

  constructor(ort: OrtModule, options: OrtPeerOptions, form: OrtForm) {
    this.variant = form.operator;
    this.#ort = ort;
    this.#options = options;
    this.#form = form;
  }

  async run(io: DeviceIO): Promise<void> {
    if (this.#isStale(io)) await this.#make(io);
    const { feeds, fetches } = this.#bindings(io);
    const session = this.#session!;
    const results = await (this.#options.writesOutputs ? session.run(feeds, fetches) : session.run(feeds));
    for (const name in fetches) (io[name] as PeerTensor).data = results[name]!.data as Tensor['data'];
  }

  async dispose(): Promise<void> {
    await this.#session?.release();
    this.#session = undefined;
  }

  #isStale(io: DeviceIO): boolean {
    if (this.#session === undefined) return true;
    return this.#constantNames(io).some((name, i) => {
      const [tensor, version] = this.#made[i]!;
      return tensor !== io[name] || version !== (tensor as PeerTensor).version;
    });
  }

  #constantNames(io: DeviceIO): readonly string[] {
    const { inputs, outputs } = this.#form;
    return Object.keys(io).filter((name) => !(name in inputs) && !(name in outputs));
  }

  async #make(io: DeviceIO): Promise<void> {
    await this.dispose();
    const names = this.#constantNames(io);
    this.#made = names.map((name) => [io[name]!, (io[name] as PeerTensor).version]);
    const values = Object.fromEntries(names.map((name) => [name, (io[name] as PeerTensor).tensor]));
    const model = serializeOnnx(modelOf(this.#form, values));
    this.#session = await this.#ort.InferenceSession.create(model as never, sessionOptions(this.#options));
  }

  #bindings(io: DeviceIO): { feeds: Record<string, OrtTensor>; fetches: Record<string, OrtTensor> } {
    const { inputs, outputs } = this.#form;
    const bind = (name: string, dims: readonly number[]): OrtTensor => {
      const { dtype, data } = io[name] as PeerTensor;
      return new this.#ort.Tensor(dtype as never, data as never, dims);
    };
    const same =
      this.#bound?.io === io &&
      Object.entries(this.#bound.feeds).every(
        ([name, tensor]) => tensor.data === (io[name] as PeerTensor).data,
      );
    if (!same || this.#bound === undefined) {
      this.#bound = {
        io,
        feeds: Object.fromEntries(
          Object.entries(inputs).map(([name, { shape }]) => [name, bind(name, shape)]),
        ),
        fetches: Object.fromEntries(
          Object.entries(outputs).map(([name, { shape = io[name]!.shape }]) => [name, bind(name, shape)]),
        ),
      };
    }
    return this.#bound;
  }
}

/** ONNX Runtime on whole networks; `form` says which file of a network it runs. */
export function ortNetworks(
  ort: OrtModule,
  options: OrtPeerOptions,
  form: 'quantized' | 'float',
): NetworkRunner {
  return {
    async open({ id, onnx, float }): Promise<NetworkSession> {
      const file = form === 'float' ? float : onnx;
      if (file === undefined)
        throw new HalftoneError('HT_UNSUPPORTED', `${id} has no float model beside it`, { network: id });
      const session = await ort.InferenceSession.create(file as never, sessionOptions(options));
      const wrap = ({ dtype, data, shape }: Tensor): OrtTensor =>
        new ort.Tensor(dtype as never, data as never, shape);
      return {
        async run(feeds) {
          const wrapped = Object.fromEntries(
            Object.entries(feeds).map(([name, value]) => [name, wrap(value)]),
          );
          const results = await session.run(wrapped);
          return Object.fromEntries(
            Object.entries(results).map(([name, value]) => [name, unwrap(name, value)]),
          );
        },
        dispose: () => session.release(),
      };
    },
  };
}

function unwrap(name: string, { type, data, dims }: OrtTensor): Tensor {
  if (!(type in dtypes))
    throw new HalftoneError('HT_UNSUPPORTED', `output ${name} is ${type}, which no tensor holds`, {
      output: name,
    });
  return { dtype: type, shape: dims, data } as Tensor;
}
