import type { Texture } from './kernels.ts';

/** Hands a texture over: it is needed no longer than the work at hand. */
export type HandOver = (texture: Texture) => Texture;

/** Work with textures that end with it, whether it succeeds or not. */
export async function passing(work: (handOver: HandOver) => Promise<void>): Promise<void> {
  const textures: Texture[] = [];
  try {
    await work((texture) => {
      textures.push(texture);
      return texture;
    });
  } finally {
    for (const texture of textures) texture.delete();
  }
}
