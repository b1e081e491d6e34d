// Kernels of gpu.js, one for a source, the latest of them kept.
import type { Dialect } from './dialect.ts';
import type { Gpu, GpuKernel, GpuTexture, GpuValue, KernelSettings } from './gpu.ts';

/** Most kernels that stay compiled, besides those whose textures live. */
const MOST = 256;

const common = {
  precision: 'single',
  tactic: 'precision',
  immutable: true,
  asyncMode: true,
  dynamicOutput: true,
  dynamicArguments: true,
} as const;

/** A function `vec4 texel(float x, float y)` in GLSL over textures with these names. */
export interface Pass {
  readonly inputs: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly source: string;
}

/** A kernel; destroying it would take its textures along, so it waits until nothing uses it. */
class Entry {
  readonly kernel: GpuKernel;
  #output: readonly number[];
  #uses = 0;
  #retired = false;

  constructor(kernel: GpuKernel, output: readonly number[]) {
    this.kernel = kernel;
    this.#output = output;
  }

  /** The kernel, which gives results of this size next. */
  of(output: readonly number[]): GpuKernel {
    if (output.join() !== this.#output.join()) this.kernel.setOutput(output);
    this.#output = output;
    return this.kernel;
  }

  use(): void {
    this.#uses++;
  }

  release(): void {
    this.#uses--;
    this.#end();
  }

  retire(): void {
    this.#retired = true;
    this.#end();
  }

  #end(): void {
    if (this.#retired && this.#uses === 0) this.kernel.destroy();
  }
}

/** What a kernel drew; the pixels live until all that hold them delete it. */
export class Texture {
  readonly drawn: GpuTexture;
  readonly #entry: Entry;

  constructor(drawn: GpuTexture, entry: Entry) {
    this.drawn = drawn;
    this.#entry = entry;
    entry.use();
  }

  /** The same pixels, for another that holds them. */
  share(): Texture {
    return new Texture(this.drawn.clone(), this.#entry);
  }

  /** Once. */
  delete(): void {
    this.drawn.delete();
    this.#entry.release();
  }
}

export class Kernels {
  readonly #gpu: Gpu;
  readonly #dialect: Dialect;
  readonly #kept = new Map<string, Entry>();

  constructor(gpu: Gpu, dialect: Dialect) {
    this.#gpu = gpu;
    this.#dialect = dialect;
  }

  /** Draws a texture of textures, or of floats as they come, four a texel. */
  async draw(pass: Pass, values: readonly (Texture | Float32Array)[]): Promise<Texture> {
    const { inputs, width, height, source } = pass;
    const output = [width, height];
    const entry = this.#entry(`${inputs.join()} ${source}`, () => ({
      body: `function (${inputs.join(', ')}) { return texel(this.thread.x, this.thread.y); }`,
      settings: {
        ...common,
        injectedNative: this.#dialect.prelude,
        output,
        returnType: 'Array(4)',
        pipeline: true,
        nativeFunctions: [
          { name: 'texel', source, returnType: 'Array(4)', argumentTypes: { x: 'Number', y: 'Number' } },
        ],
      },
    }));
    const operands = values.map((value) => (value instanceof Float32Array ? value : value.drawn));
    return new Texture((await used(entry, output, operands)) as GpuTexture, entry);
  }

  /** `count` floats that `float element(float i, float line)` in GLSL gives of a texture `x`, from a line on. */
  async read(source: string, count: number, texture: Texture, line: number): Promise<Float32Array> {
    const output = [count];
    const entry = this.#entry(`read ${source}`, () => ({
      body: 'function (x, line) { return element(this.thread.x, line); }',
      settings: {
        ...common,
        injectedNative: this.#dialect.prelude,
        output,
        returnType: 'Number',
        pipeline: false,
        nativeFunctions: [
          { name: 'element', source, returnType: 'Number', argumentTypes: { i: 'Number', line: 'Number' } },
        ],
      },
    }));
    return (await used(entry, output, [texture.drawn, line])) as Float32Array;
  }

  /** Ends every kernel, with every texture. */
  dispose(): void {
    for (const entry of this.#kept.values()) entry.kernel.destroy();
    this.#kept.clear();
  }

  /** The kernel of a key; the one that was not used for longest retires where there are too many. */
  #entry(key: string, create: () => { readonly body: string; readonly settings: KernelSettings }): Entry {
    let entry = this.#kept.get(key);
    if (entry === undefined) {
      const { body, settings } = create();
      entry = new Entry(this.#gpu.createKernel(body, settings), settings.output);
    } else this.#kept.delete(key);
    this.#kept.set(key, entry);
    if (this.#kept.size > MOST) {
      const [oldest, unused] = this.#kept.entries().next().value!;
      this.#kept.delete(oldest);
      unused.retire();
    }
    return entry;
  }
}

/** Runs a kernel, which stays while it does. */
async function used(
  entry: Entry,
  output: readonly number[],
  values: readonly GpuValue[],
): Promise<GpuTexture | Float32Array> {
  entry.use();
  try {
    return await entry.of(output)(...values);
  } finally {
    entry.release();
  }
}
