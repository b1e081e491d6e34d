// Whole int8 networks on the GPU of a page: nothing runs elsewhere, and the results have the reference's bits.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askPage, findChromium } from '@halftone/browsers';
import { createSession, saveOnnx } from 'halftone';
import { describe, expect, test } from 'vitest';
import { feedsOf, int8Of, networks } from './network-support.ts';

const chromium = findChromium();
const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Answer {
  readonly used: readonly string[];
  readonly results: readonly Readonly<Record<string, readonly number[]>>[];
}

describe.skipIf(chromium === undefined).each(networks)('%s', (_, path) => {
  test('has the bits of the reference in Chromium', async () => {
    const graph = await int8Of(path);
    const feeds = [2, 3].map((seed) => feedsOf(graph, seed));
    const session = await createSession(graph);
    const expected: Record<string, number[]>[] = [];
    for (const feed of feeds)
      expected.push(
        Object.fromEntries(
          Object.entries(await session.run(feed)).map(([name, { data }]) => [name, Array.from(data, Number)]),
        ),
      );
    await session.dispose();

    const folder = await mkdtemp(join(tmpdir(), 'halftone-network-'));
    try {
      await saveOnnx(graph, join(folder, 'model.onnx'));
      const inputs = feeds.map((feed) =>
        Object.fromEntries(
          Object.entries(feed).map(([name, { data, shape }]) => [
            name,
            { data: Array.from(data, Number), shape },
          ]),
        ),
      );
      await writeFile(join(folder, 'feeds.json'), JSON.stringify(inputs));
      const answer = JSON.parse(
        await askPage(chromium!, {
          folders: {
            '/packages/': folderOf('../../../packages'),
            // What the module of the backend names from the folder of packages.
            '/backend-gpujs/': folderOf('../../../packages/backend-gpujs'),
            '/page/': folderOf('page'),
            '/network/': folder,
          },
          page: '/page/networks.html',
        }),
      ) as Answer;
      expect(answer).toEqual({ used: ['gpujs'], results: [...expected, expected[0]] });
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 120_000);
});
