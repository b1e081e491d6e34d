import { type BackendProvider, deviceDriver, isExactOp } from '@halftone/core';
import { closeContext, type Context, drawn, openContext, unavailable } from './context.ts';
import { Device, type Surface } from './device.ts';
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
      const context = open(options);
      closeContext(context);
      return { available: true, device: deviceOf(context) };
    } catch (error) {
      return { available: false, reason: error instanceof Error ? error.message : String(error) };
    }
  },
  create: async (options = {}) => {
    checkOptions(options);
    const GPU = await constructorOf(options);
    const context = open(options);
    const { canvas, gl } = context;
    // gpu.js makes its canvas as large as the largest texture; nobody looks at it, so it gets one that has no pixels.
    const gpu = new GPU({ mode: 'webgl2', canvas: { width: 1, height: 1 }, context: gl });
    const device = new Device(gpu, {
      side: gl.getParameter(gl.MAX_TEXTURE_SIZE) as number,
      isLost: () => gl.isContextLost(),
      drawn: () => drawn(gl),
    });
    canvas.addEventListener('webglcontextlost', () => device.timeline.end());
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
        closeContext(context);
      },
    });
  },
};

function open({ allowSoftware = false }: GpujsOptions): Context {
  const context = openContext();
  if (!context.software || allowSoftware) return context;
  closeContext(context);
  throw unavailable(
    `WebGL2 is drawn by the CPU here (${context.renderer}), where @halftone/backend-wasm is faster; option allowSoftware takes it all the same`,
  );
}

function deviceOf({ renderer, software }: Context): string {
  return `WebGL2, ${renderer}${software ? ', by the CPU' : ''}`;
}

export default gpujs;
