// One gpu.js: tensors as textures, and what is drawn of them, in order.
import {
  catalogue,
  dtypes,
  type HandleKernel,
  HalftoneError,
  type Handles,
  type OpDefinition,
  type OpName,
  type OpSpecs,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Context } from './context.ts';
import type { Dialect } from './dialect.ts';
import { againSource } from './glsl.ts';
import type { Gpu } from './gpu.ts';
import { Kernels, type Pass, type Texture } from './kernels.ts';
import { type Form, fromTexels, isEmpty, type Layout, layoutOf, toTexels } from './layout.ts';
import { type HandOver, passing } from './passing.ts';
import { Timeline } from './timeline.ts';

/** A tensor: its texture, once something was written. */
export interface Surface {
  readonly desc: TensorDesc;
  /** How its elements stand now: a kernel may have been told of another shape with as many of them. */
  layout: Layout;
  texture: Texture | undefined;
}

/** How an op's result is drawn of its operands: `source` as of a `Pass`, its inputs by their names. */
export interface Program {
  readonly variant: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly layout: Layout;
  readonly source: string;
}

/** What a device must know of what is drawn on. */
export type Canvas = Pick<Context, 'dialect' | 'side' | 'isLost' | 'drawn'>;

/** Most rows that float32 counts with room for halves, and most floats that are read at a time. */
const MOST_ROWS = 8_388_608;
const SLAB = 4_194_304;

/** Texels as they come; the sizes are uniforms of gpu.js. */
const uploadSource = `vec4 texel(float x, float y) {
  int t = int(y) * uTexSize.x + int(x), line = t / user_xSize.x;
  return texture(user_x, (vec2(float(t - line * user_xSize.x), float(line)) + 0.5) / vec2(user_xSize));
}`;

/** Float i of a texture, counted from a line on. */
const elementsSource = `float element(float i, float line) {
  int t = int(i) / 4, beside = t / user_xSize.x;
  vec2 at = vec2(float(t - beside * user_xSize.x), float(beside) + line);
  vec4 v = texture(user_x, (at + 0.5) / vec2(user_xSize));
  int c = int(i) - 4 * t;
  return c < 2 ? (c == 0 ? v.x : v.y) : (c == 2 ? v.z : v.w);
}`;

export class Device {
  readonly side: number;
  readonly dialect: Dialect;
  readonly timeline: Timeline;
  readonly #gpu: Gpu;
  readonly #drawn: () => Promise<void>;
  readonly #kernels: Kernels;
  #nothing: Texture | undefined;

  constructor(gpu: Gpu, canvas: Canvas) {
    this.#gpu = gpu;
    this.side = canvas.side;
    this.dialect = canvas.dialect;
    this.#drawn = () => canvas.drawn();
    this.#kernels = new Kernels(gpu, canvas.dialect);
    this.timeline = new Timeline(() => canvas.isLost());
  }

  layout(desc: TensorDesc, form?: Form): Layout {
    return layoutOf(desc, this.side, form);
  }

  surface({ dtype, shape }: TensorDesc): Surface {
    const layout = this.layout({ dtype, shape });
    if (layout.height > this.side || layout.rows > MOST_ROWS)
      throw new HalftoneError(
        'HT_OUT_OF_MEMORY',
        `gpujs: no texture holds ${sizeOf(shape)} elements in ${layout.rows} rows: sides are ${this.side} texels at most, and rows ${MOST_ROWS}`,
        { shape, side: this.side },
      );
    return { desc: { dtype, shape }, layout, texture: undefined };
  }

  write(surface: Surface, tensor: Tensor): void {
    const layout = this.layout(surface.desc);
    if (isEmpty(layout)) return;
    const texels = toTexels(tensor.data as ArrayLike<number>, layout);
    this.timeline.enqueue(async () => place(surface, await this.upload(texels, layout), layout));
  }

  /** A texture of texels that stand as they must, one behind the other. */
  async upload(texels: Float32Array, { width, height }: Pick<Layout, 'width' | 'height'>): Promise<Texture> {
    return await this.draw({ inputs: ['x'], width, height, source: uploadSource }, [texels]);
  }

  /** What stands in a tensor after the work that was given before; what is given afterwards does not change it. */
  async read(surface: Surface): Promise<Tensor> {
    const { desc } = surface;
    const data = new dtypes[desc.dtype].Array(sizeOf(desc.shape));
    let held: Texture | undefined;
    let drawn = Promise.resolve();
    let { layout } = surface;
    this.timeline.enqueue(() => {
      held = data.length > 0 ? surface.texture?.share() : undefined;
      layout = surface.layout;
      // gpu.js asks without a pause whether what it reads is drawn, which takes a core from a renderer that is the CPU.
      drawn = this.#drawn();
      drawn.catch(() => {});
    });
    try {
      await this.timeline.settled();
      if (held === undefined) return { ...desc, data } as Tensor;
      await this.timeline.orEnd(drawn);
      const floats = await this.timeline.orEnd(this.#floats(held, layout));
      fromTexels(floats, layout, data as Parameters<typeof fromTexels>[2]);
      return { ...desc, data } as Tensor;
    } finally {
      held?.delete();
    }
  }

  async #floats(texture: Texture, { width, height }: Layout): Promise<Float32Array> {
    const lines = Math.min(height, Math.max(1, Math.floor(SLAB / (4 * width))));
    const slabs: Promise<Float32Array>[] = [];
    for (let line = 0; line < height; line += lines)
      slabs.push(this.#kernels.read(elementsSource, 4 * width * lines, texture, line));
    if (slabs.length === 1) return await slabs[0]!;
    const floats = new Float32Array(4 * width * height);
    for (const [i, slab] of (await Promise.all(slabs)).entries())
      floats.set(slab.subarray(0, floats.length - i * slab.length), i * slab.length);
    return floats;
  }

  free(surface: Surface): void {
    this.timeline.enqueue(() => place(surface, undefined, surface.layout));
  }

  /** The kernel of an op that one pass draws; `fixed` are operands that it has already. */
  prepare<O extends OpName>(
    op: O,
    spec: OpSpecs[O],
    program: Program,
    fixed: Handles<Surface> = {},
  ): HandleKernel<Surface> {
    const { variant, inputs, output, layout, source } = program;
    const layouts = this.layouts(op, spec);
    const pass: Pass = { inputs, width: layout.width, height: layout.height, source };
    return {
      variant,
      run: (io) => {
        const result = io[output]!;
        // Handles are looked up now: the caller may change what it gave.
        const operands = inputs.map((name) => fixed[name] ?? io[name]!);
        if (isEmpty(layout)) return;
        this.timeline.enqueue(() =>
          passing(async (handOver) => {
            const textures: Texture[] = [];
            for (const [i, operand] of operands.entries())
              textures.push(await this.textureOf(operand, layouts[inputs[i]!]!, handOver));
            place(result, await this.draw(pass, textures), layout);
          }),
        );
      },
    };
  }

  /** How operands and results of an op stand, by their names; results in this form, where one is given. */
  layouts<O extends OpName>(op: O, spec: OpSpecs[O], form?: Form): Readonly<Record<string, Layout>> {
    const definition = catalogue[op] as OpDefinition<never>;
    const layouts = (descs: Readonly<Record<string, TensorDesc>>, as?: Form): [string, Layout][] =>
      Object.entries(descs).map(([name, desc]) => [name, this.layout(desc, as)]);
    return Object.fromEntries([
      ...layouts(definition.inputs(spec as never)),
      ...layouts(definition.outputs(spec as never), form),
    ]);
  }

  async draw(pass: Pass, values: readonly (Texture | Float32Array)[]): Promise<Texture> {
    return await this.#kernels.draw(pass, values);
  }

  /** The texture of an operand, in a layout that `layout` gave for as many elements; one that stood otherwise is handed over. */
  async textureOf(surface: Surface, layout: Layout, handOver: HandOver): Promise<Texture> {
    const { texture, layout: from } = surface;
    // Kernels do not read what has no elements, and still need a texture.
    if (isEmpty(layout))
      return (this.#nothing ??= await this.upload(new Float32Array(8), { width: 1, height: 2 }));
    if (texture === undefined)
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        'gpujs: an operand was never written; write it, or run what makes it',
      );
    if (from.columns !== layout.columns || from.form !== layout.form) {
      const pass = {
        inputs: ['x'],
        width: layout.width,
        height: layout.height,
        source: againSource(from, layout),
      };
      const again = await this.draw(pass, [texture]);
      // Another operand of the same run may be this tensor as it stood.
      handOver(texture);
      surface.texture = undefined;
      place(surface, again, layout);
    }
    return surface.texture!;
  }

  /** Everything given so far is done, and drawn. */
  async sync(): Promise<void> {
    await this.timeline.settled();
    await this.timeline.orEnd(this.#drawn());
  }

  async dispose(): Promise<void> {
    await this.timeline.settled().catch(() => {});
    // It ends as meant now.
    this.timeline.end(new HalftoneError('HT_DISPOSED', 'the backend was disposed'));
    this.#nothing?.delete();
    this.#kernels.dispose();
    await this.#gpu.destroy();
  }
}

/** Gives a tensor its texture, and deletes the one that it had. */
export function place(surface: Surface, texture: Texture | undefined, layout: Layout): void {
  surface.texture?.delete();
  surface.texture = texture;
  surface.layout = layout;
}
