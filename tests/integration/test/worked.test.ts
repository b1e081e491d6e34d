import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

interface Example {
  readonly name: string;
  readonly title: string;
  readonly document: string;
  readonly rows: readonly {
    readonly what: string;
    readonly document: string;
    readonly ours: readonly (number | string)[];
    readonly agrees: boolean | null;
  }[];
  readonly remark: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'examples/worked');
const names = (await readdir(folder)).flatMap((file) => /^(.*)\.mjs$/.exec(file)?.[1] ?? []).sort();
const page = await readFile(join(root, 'docs/guides/worked-examples.md'), 'utf8');

async function load(name: string): Promise<Example> {
  const url = pathToFileURL(join(folder, `${name}.mjs`)).href;
  return ((await import(url)) as { default: Example }).default;
}

/** What node prints for an example, started from the root. */
async function print(name: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`examples/worked/${name}.mjs`], {
    cwd: root,
  });
  expect(stderr).toBe('');
  return stdout;
}

/** Our numbers, worked by numpy; a row that differs from its document is named in `apart`. */
const expected: Record<string, { rows: (number | string)[][]; apart?: string[] }> = {
  'article-matrix': {
    rows: [
      [-0.2834631953258637, 0.4940747410023621],
      [-24, -38, 63, 28, 99, 63],
      [-23, -37, 63, 28],
      [-23, -37, 64, 28],
      [-4770, 8001],
      [-0.2911376953125, 0.48834228515625],
      [-4608, 8100],
      [-0.28125, 0.494384765625],
    ],
    apart: ['product, floor'],
  },
  'code-range-bias': {
    rows: [
      [-128, -64, 64, 127],
      [127, 77, 77, 127],
      [-127],
      [-0.008526611512934323],
      [-127, -64, 64, 127],
      [127, 76, 76, 127],
      [0],
      [76],
    ],
  },
  'float-fields': {
    rows: [
      [6],
      ['(-1)^0 * 1.5 * 2^(129 - 127)'],
      ['0xbf000000'],
      [1, '01111110', 0],
      [127, 1023, 15],
      [2320],
      ['1.1328125 * 2^11'],
      ['(-1)^0 * 0.0009765625 * 2^(1 - 15)'],
    ],
  },
  'four-terms': { rows: [[-1.875, -2.5, -1.5, -2], [-7.875], [-7.875], [-1.875], [-1.875]] },
  'fraction-length': { rows: [[7, 11, 19], [0.01245, 0.000584375, 0.0000032135009765642], [5]] },
  'gnmt-rows': {
    rows: [
      [2853.9326171875, 1, 2919.540283203125],
      [2853.9326171875, 1, 2919.54052734375],
      [0.0003503937041386962, 1, 0.0003425196628086269],
      [32.53483200073242, -65.92584228515625, 127, 0, 0, 0, -119.40919494628906, -127, -116.78160858154297],
      [33, -66, 127, 0, 0, 0, -119, -127, -117],
      [6.397904096481322e-7],
      [4.680743131921701e-9],
      [5.8312696871215235e-9],
    ],
    apart: ['1 / step in float32'],
  },
  'kl-threshold': {
    rows: [
      [0.14384103622589045],
      [0.13081203594113697],
      [Infinity],
      [0.027741323524271125, 0.018227846489390766, 0.02067122606436294, Infinity, Infinity, 0.1130842766447],
    ],
  },
  'matrix-requantize': {
    rows: [
      [-0.6512, -0.4225],
      [-98, 14, -17, 41, 44, -65],
      [-5222, -3413],
      [-0.647529290234121, -0.4232128432725114],
      [1442928645, -7],
      [-27, -18],
      [-28, -18],
      [-28, -18],
    ],
  },
  'multiply-approx': {
    rows: [
      [0, 0, 0, 0, 1, 1, 2, 5, 9, 18, 36, 72, 145, 289],
      [289],
      [-2.1679687499998046e-5],
      [1000, 4000, 7091, 8191],
      [35, 141, 250, 288],
      [0.33935546875, 0.357421875, 0.59136962890625, 1.46466064453125],
      [1.06103515625, 1.244140625, 1.43280029296875, 1.49993896484375],
    ],
  },
  'number-tables': {
    rows: [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75],
      [0, 4, 8, 12, 16, 20, 24, 28],
      [10, 11.5, 13, 14.5, 16, 17.5, 19, 20.5],
      [-20 / 3],
      ['none'],
    ],
  },
  'scale-255': {
    rows: [
      [2.9070000490173697, -5.890499968081713, 11.347500197589397, 0, 0, 0].concat([
        -10.429499857127666, -11.092499680817127, -10.199999772012234,
      ]),
      [3, -6, 11, 0, 0, 0, -10, -11, -10],
      [0.011764707043766975, -0.02352941408753395, 0.04313725605607033, 0, 0, 0].concat([
        -0.03921568766236305, -0.04313725605607033, -0.03921568766236305,
      ]),
      [-0.000364706851541996, 0.00042941421270370483, 0.0013627447187900543, 0, 0, 0].concat([
        -0.0016843117773532867, -0.00036274269223213196, -0.000784311443567276,
      ]),
    ],
    apart: ['W less its estimate'],
  },
  'unit-line': {
    rows: [
      [0.007843137718737125],
      [128],
      [127],
      [0, 128, 255],
      [1, 128, 255],
      [0, 127, 254],
      [-0.9960784912109375, 0, 0.9960784912109375],
    ],
    apart: ['offset, derived in float32', 'codes, divided in float32'],
  },
};

describe('worked examples', () => {
  it('have all their numbers here', () => {
    expect(names).toEqual(Object.keys(expected).sort());
  });

  it.each(names)('%s: our numbers, and where the document differs', async (name) => {
    const { rows, apart = [] } = expected[name] ?? { rows: [] };
    const example = await load(name);
    expect(example.name).toBe(name);
    expect(example.rows.map(({ ours }) => ours.length)).toEqual(rows.map((row) => row.length));
    example.rows.forEach(({ what, ours }, i) => {
      ours.forEach((value, j) => {
        const wanted = rows[i]?.[j];
        // 14 digits: products and logarithms of f64 may be worked in another order.
        if (typeof value === 'number' && typeof wanted === 'number' && Number.isFinite(wanted))
          expect(Math.abs(value - wanted), what).toBeLessThanOrEqual(1e-13 * Math.abs(wanted));
        else expect(value, what).toBe(wanted);
      });
    });
    expect(example.rows.filter((row) => row.agrees === false).map((row) => row.what)).toEqual(apart);
    expect(example.rows.filter((row) => row.document === '').every((row) => row.agrees === null)).toBe(true);
  });

  it.each(names)('%s prints what the guide shows', async (name) => {
    const source = `[${name}](../../examples/worked/${name}.mjs)`;
    expect(page).toContain(`${source}\n\n\`\`\`text\n${await print(name)}\`\`\`\n`);
  });

  it('are all that the guide shows', () => {
    expect(page.match(/^```text$/gm)).toHaveLength(names.length);
  });
});
