import type { Environment, Host } from './host.ts';

interface Page {
  readonly navigator?: {
    readonly userAgent?: string;
    readonly platform?: string;
    readonly hardwareConcurrency?: number;
    readonly deviceMemory?: number;
  };
  readonly OffscreenCanvas?: new (
    width: number,
    height: number,
  ) => { getContext(kind: 'webgl2'): WebGl | null };
}

interface WebGl {
  readonly RENDERER: number;
  getExtension(name: string): { readonly UNMASKED_RENDERER_WEBGL: number } | null;
  getParameter(name: number): unknown;
}

const page: Page = globalThis as Page;

/** Renderers that compute on the CPU. */
const software = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function gpu(): Environment['gpu'] {
  const gl = page.OffscreenCanvas && new page.OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return undefined;
  const unmasked = gl.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL;
  const renderer = String(gl.getParameter(unmasked ?? gl.RENDERER));
  return { renderer, software: software.test(renderer) };
}

/** `Chrome 156` of all that a browser says it is. */
function browser(agent: string): string {
  const found = /(Firefox|Edg|Chrome)\/(\d+)/.exec(agent) ?? /(Version)\/(\d+).*Safari/.exec(agent);
  if (!found) return agent;
  const [, name = '', version = ''] = found;
  return `${name === 'Version' ? 'Safari' : name} ${version}`;
}

export const host: Host = {
  environment: () => {
    const { userAgent = 'unknown', platform = 'unknown', hardwareConcurrency = 1 } = page.navigator ?? {};
    const drawing = gpu();
    return {
      runtime: browser(userAgent),
      platform,
      arch: 'unknown',
      cpu: { cores: hardwareConcurrency, flags: [] },
      ...(drawing ? { gpu: drawing } : {}),
    };
  },
  cpuTime: () => undefined,
};
