import { type BackendProvider, deviceDriver, isExactOp } from '@halftone/core';
import { openCanvas } from './canvas.ts';
import { type Context, unavailable } from './context.ts';
import { Device, type Surface } from './device.ts';
import { openHeadless } from './headless.ts';
import { opsOf } from './ops/index.ts';
import { checkOptions, constructorOf, type GpujsOptions } from './options.ts';

export type { GpujsOptions } from './options.ts';

/** Exact integers of a GPU's floats, through gpu.js and WebGL2. */
const gpujs: BackendProvider<GpujsOptions> = {
  spec: 'backend/1',
  name: 'gpujs',
  variants: [{ label: 'webgl2', options: { allowSoftware: true } }],
  probe: async (options = {}) => {
    try {
      checkOptions(options);
      await constructorOf(options);
      const context = await open(options);
      context.close();
      return { available: true, device: deviceOf(context) };
    } catch (error) {
      return { available: false, reason: error instanceof Error ? error.message : String(error) };
    }
  },
  create: async (options = {}) => {
    checkOptions(options);
    const GPU = await constructorOf(options);
    const context = await open(options);
    const { mode, gl } = context;
    // gpu.js makes its canvas as large as the largest texture; nobody looks at it, so it gets one that has no pixels.
    const gpu = new GPU({ mode, canvas: { width: 1, height: 1 }, context: gl });
    const device = new Device(gpu, context);
    context.onLost(() => device.timeline.end());
    return deviceDriver<Surface>({
      name: 'gpujs',
      device: deviceOf(context),
      numericClass: (op) => (isExactOp(op) ? 'exact' : 'f32-ieee'),
      ops: opsOf(device),
      memory: {
        allocate: (desc) => device.surface(desc),
        free: (surface) => device.free(surface),
        write: (surface, tensor) => device.write(surface, tensor),
        read: (surface) => device.read(surface),
      },
      sync: () => device.sync(),
      dispose: async () => {
        await device.dispose();
        context.close();
      },
    });
  },
};

async function open({ gl, allowSoftware = false }: GpujsOptions): Promise<Context> {
  const context = openCanvas() ?? (await openHeadless(gl));
  if (!context.software || allowSoftware) return context;
  context.close();
  throw unavailable(
    `${context.name} is drawn by the CPU here (${context.renderer}), where @halftone/backend-wasm is faster; option allowSoftware takes it all the same`,
  );
}

function deviceOf({ name, renderer, software }: Context): string {
  return `${name}, ${renderer}${software ? ', by the CPU' : ''}`;
}

export default gpujs;
