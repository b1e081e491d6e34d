/**
 * The pictures of the demo: twelve shapes, drawn with random pose, paint, occlusion, blur and noise.
 *
 * Only operations that IEEE 754 rounds in one way (+ - * / sqrt floor) and 32-bit integers are used,
 * so every engine draws the same bytes and the data need not be stored.
 */

/** Class names; the label of a picture is an index into this list. */
export const classes = Object.freeze([
  'disk',
  'ring',
  'square',
  'frame',
  'triangle',
  'pentagon',
  'star',
  'plus',
  'arrow',
  'heart',
  'crescent',
  'dome',
]);

/** Edge of a picture in pixels. */
export const size = 32;

/** Colour channels of a picture: red, green, blue. */
export const channels = 3;

const pixels = size * size;

/** How many subpixels an edge of a pixel has; fewer leave visible stairs at this resolution. */
const supersampling = 3;

/** First word of the generator's state: it differs between splits, so their pictures never coincide. */
const splitWord = Object.freeze({ train: 0x7a11, calibration: 0xca1b, test: 0x7e57 });

const pentagon = [
  [0, 1],
  [0.9511, 0.309],
  [0.5878, -0.809],
  [-0.5878, -0.809],
  [-0.9511, 0.309],
];
const triangle = [
  [0, 1.1],
  [0.9526, -0.55],
  [-0.9526, -0.55],
];
const arrow = [
  [0, 1.1],
  [0.85, 0.15],
  [0.32, 0.15],
  [0.32, -1],
  [-0.32, -1],
  [-0.32, 0.15],
  [-0.85, 0.15],
];
const wedge = [
  [0, 0.65],
  [0.96, 0.15],
  [0, -1.05],
  [-0.96, 0.15],
];
const star = pentagon.flatMap(([x, y], i) => {
  const [u, v] = pentagon[(i + 3) % 5];
  return [
    [1.1 * x, 1.1 * y],
    [-0.48 * u, -0.48 * v],
  ];
});

/** Even-odd rule: a ray to the right crosses the outline an odd number of times. */
function insidePolygon(polygon, x, y) {
  let inside = false;
  let [px, py] = polygon[polygon.length - 1];
  for (const [qx, qy] of polygon) {
    if (qy > y !== py > y && x < ((px - qx) * (y - qy)) / (py - qy) + qx) inside = !inside;
    px = qx;
    py = qy;
  }
  return inside;
}

function insideDisk(x, y, radius) {
  return x * x + y * y < radius * radius;
}

function insideBox(x, y, halfWidth, halfHeight) {
  return x > -halfWidth && x < halfWidth && y > -halfHeight && y < halfHeight;
}

/** One test a class, in the order of `classes`: is the point of the unit plane inside the shape? */
const insideShape = [
  (x, y) => insideDisk(x, y, 0.95),
  (x, y) => insideDisk(x, y, 1) && !insideDisk(x, y, 0.55),
  (x, y) => insideBox(x, y, 0.82, 0.82),
  (x, y) => insideBox(x, y, 0.88, 0.88) && !insideBox(x, y, 0.5, 0.5),
  (x, y) => insidePolygon(triangle, x, y),
  (x, y) => insidePolygon(pentagon, x, y),
  (x, y) => insidePolygon(star, x, y),
  (x, y) => insideBox(x, y, 0.3, 1) || insideBox(x, y, 1, 0.3),
  (x, y) => insidePolygon(arrow, x, y),
  (x, y) =>
    insideDisk(x - 0.5, y - 0.42, 0.54) || insideDisk(x + 0.5, y - 0.42, 0.54) || insidePolygon(wedge, x, y),
  (x, y) => insideDisk(x, y, 1) && !insideDisk(x - 0.5, y, 0.75),
  (x, y) => y > -0.45 && insideDisk(x, y + 0.45, 1.05),
];

/** The sfc32 generator, seeded by three words; the result draws uniformly from [0, 1). */
function generator(a, b, c) {
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  // The words of the seed differ in few bits: these rounds spread them over the whole state.
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** A random direction without sine and cosine: a point of the disk, brought to length one. */
function direction(random) {
  for (;;) {
    const x = 2 * random() - 1;
    const y = 2 * random() - 1;
    const length = Math.sqrt(x * x + y * y);
    if (length > 0.1 && length <= 1) return [x / length, y / length];
  }
}

const between = (random, low, high) => low + (high - low) * random();

const color = (random) => [random(), random(), random()];

function distance(p, q) {
  const r = p[0] - q[0];
  const g = p[1] - q[1];
  const b = p[2] - q[2];
  return Math.sqrt(r * r + g * g + b * b);
}

/** A paint: plain, a slope between two colours, stripes or a checkerboard of them. */
function paint(random, base) {
  const other = base.map((value) => Math.min(1, Math.max(0, value + between(random, -0.14, 0.14))));
  const [dx, dy] = direction(random);
  return {
    base,
    other,
    dx,
    dy,
    kind: Math.floor(4 * random()),
    period: between(random, 4, 12),
    phase: random(),
  };
}

/** How much of the paint's second colour shows at a pixel, from 0 to 1. */
function blend({ dx, dy, kind, period, phase }, x, y) {
  const along = x * dx + y * dy;
  if (kind === 1) return Math.min(1, Math.max(0, along / size + 0.5));
  const u = along / period + phase;
  const stripe = u - Math.floor(u) < 0.5;
  if (kind === 2) return stripe ? 1 : 0;
  if (kind === 0) return 0;
  const v = (y * dx - x * dy) / period + phase;
  return stripe === v - Math.floor(v) < 0.5 ? 1 : 0;
}

/** Lays paint over the picture, as thick as `coverage(x, y)` says; coordinates start at the centre. */
function cover(picture, brush, coverage) {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const x = column + 0.5 - size / 2;
      const y = row + 0.5 - size / 2;
      const alpha = coverage(x, y);
      if (alpha === 0) continue;
      const t = blend(brush, x, y);
      const at = row * size + column;
      for (let c = 0; c < channels; c++) {
        const value = brush.base[c] + t * (brush.other[c] - brush.base[c]);
        picture[c * pixels + at] += alpha * (value - picture[c * pixels + at]);
      }
    }
  }
}

/** Share of a pixel inside the shape, which is turned, stretched, sheared and moved. */
function posed(random, inside) {
  const tilt = between(random, -0.35, 0.35);
  const length = Math.sqrt(1 + tilt * tilt);
  const [cosine, sine] = [1 / length, tilt / length];
  const radius = between(random, 9, 12.5);
  const stretch = between(random, 0.88, 1.14);
  const shear = between(random, -0.12, 0.12);
  const reach = 14 - radius;
  const centerX = between(random, -reach, reach);
  const centerY = between(random, -reach, reach);
  const step = 1 / supersampling;
  const first = (step - 1) / 2;
  return (x, y) => {
    let hits = 0;
    for (let i = 0; i < supersampling; i++) {
      for (let j = 0; j < supersampling; j++) {
        const px = (x - centerX + first + i * step) / radius;
        const py = (y - centerY + first + j * step) / radius;
        const u = (px * cosine + py * sine) * stretch;
        const v = (py * cosine - px * sine) / stretch;
        if (inside(u + shear * v, -v)) hits++;
      }
    }
    return hits / (supersampling * supersampling);
  };
}

/** Share of a pixel under a straight bar that crosses the picture somewhere. */
function bar(random) {
  const [dx, dy] = direction(random);
  const offset = between(random, -12, 12);
  const halfWidth = between(random, 0.4, 1);
  return (x, y) => {
    const off = x * dx + y * dy - offset;
    return Math.min(1, Math.max(0, halfWidth + 0.5 - (off < 0 ? -off : off)));
  };
}

/** Share of a pixel under a small round blot. */
function blot(random) {
  const centerX = between(random, -15, 15);
  const centerY = between(random, -15, 15);
  const radius = between(random, 1, 2.6);
  return (x, y) => {
    const dx = x - centerX;
    const dy = y - centerY;
    return Math.min(1, Math.max(0, radius + 0.5 - Math.sqrt(dx * dx + dy * dy)));
  };
}

/** Blurs along one axis with weights 1 2 1; the edge pixel stands in for what lies outside. */
function blur(picture, stride) {
  const source = picture.slice();
  for (let i = 0; i < picture.length; i++) {
    const at = stride === 1 ? i % size : Math.floor((i % pixels) / size);
    const before = at > 0 ? source[i - stride] : source[i];
    const after = at < size - 1 ? source[i + stride] : source[i];
    picture[i] = (before + 2 * source[i] + after) / 4;
  }
}

/** Draws one picture: 3 x 32 x 32 bytes, a channel after the other, written at `offset` of `out`. */
function draw(random, label, out, offset) {
  const picture = new Float64Array(channels * pixels);
  const ground = color(random);
  let figure = color(random);
  while (distance(ground, figure) < 0.7) figure = color(random);

  cover(picture, paint(random, ground), () => 1);
  for (let n = Math.floor(2 * random()); n > 0; n--)
    cover(picture, paint(random, color(random)), blot(random));
  cover(picture, paint(random, figure), posed(random, insideShape[label]));
  for (let n = Math.floor(2 * random()); n > 0; n--)
    cover(picture, paint(random, color(random)), bar(random));
  for (let n = Math.floor(2 * random()); n > 0; n--)
    cover(picture, paint(random, color(random)), blot(random));

  for (let n = Math.floor(3 * random()); n > 0; n--) {
    blur(picture, 1);
    blur(picture, size);
  }
  const noise = between(random, 0, 0.12);
  for (let i = 0; i < picture.length; i++) {
    const value = picture[i] + noise * (random() + random() - 1);
    out[offset + i] = Math.floor(255 * Math.min(1, Math.max(0, value)) + 0.5);
  }
}

/**
 * Pictures as bytes. Picture `i` depends on `split`, `seed` and `i` alone and shows class `i % 12`,
 * so a longer run starts with the shorter one and every run of consecutive pictures is balanced.
 *
 * @param {'train' | 'calibration' | 'test'} split which set; no two share a picture
 * @param {number} count how many pictures
 * @param {number} [seed] another seed gives other pictures of the same split
 * @param {number} [first] index of the first picture
 * @returns {{ x: Uint8Array, y: Int32Array, shape: [number, number, number, number] }} NCHW bytes and labels
 * @throws {RangeError} when the split is unknown
 */
export function pictures(split, count, seed = 0, first = 0) {
  if (!Object.hasOwn(splitWord, split)) throw new RangeError(`no split is called ${JSON.stringify(split)}`);
  const each = channels * pixels;
  const x = new Uint8Array(count * each);
  const y = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    y[i] = (first + i) % classes.length;
    draw(generator(splitWord[split], seed | 0, (first + i) | 0), y[i], x, i * each);
  }
  return { x, y, shape: [count, channels, size, size] };
}

/**
 * Pictures as the network reads them: bytes 0 to 255 become floats -1 to 1.
 *
 * @param {'train' | 'calibration' | 'test'} split which set; no two share a picture
 * @param {number} count how many pictures
 * @param {number} [seed] another seed gives other pictures of the same split
 * @param {number} [first] index of the first picture
 * @returns {{ x: Float32Array, y: Int32Array, shape: [number, number, number, number] }} NCHW floats and labels
 * @throws {RangeError} when the split is unknown
 */
export function samples(split, count, seed = 0, first = 0) {
  const bytes = pictures(split, count, seed, first);
  const x = new Float32Array(bytes.x.length);
  for (let i = 0; i < x.length; i++) x[i] = bytes.x[i] / 127.5 - 1;
  return { x, y: bytes.y, shape: bytes.shape };
}
