// y = sum over the taps of each resized axis of weight * x, axis after axis in ascending order, each rounded to float32 once
import type { DType } from '../dtype.ts';
import { type OpDefinition, requireShape, requireSpec } from './definition.ts';

/** Where a point of the result lies in the image. ONNX Resize, coordinate_transformation_mode. */
export type ResizeCoordinates =
  | 'align_corners'
  | 'asymmetric'
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'tf_crop_and_resize';

/** Which element a point between two takes. ONNX Resize, nearest_mode. */
export type NearestMode = 'ceil' | 'floor' | 'round_prefer_ceil' | 'round_prefer_floor';

export interface ResizeAxis {
  readonly axis: number;
  readonly extent: number;
  /** Elements of the result for one of the image, in float32. */
  readonly scale: number;
  /** What tf_crop_and_resize cuts out, from 0 to 1. */
  readonly crop?: readonly [start: number, end: number];
}

export interface ResizeSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The axes that change, ascending. */
  readonly axes: readonly ResizeAxis[];
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: ResizeCoordinates;
  /** Of mode nearest. */
  readonly nearest: NearestMode;
  /** Of mode cubic: the coefficient a of Keys, and whether taps outside the image count. */
  readonly cubic: number;
  readonly excludeOutside: boolean;
  /** Value of points outside the image, of tf_crop_and_resize. */
  readonly extrapolation: number;
}

/** Another number of elements along axes, by interpolation. float32 in all modes, every dtype in mode nearest. ONNX Resize. */
export const resize: OpDefinition<ResizeSpec> = {
  name: 'resize',
  tier: 'float',
  check(spec) {
    requireSpec(
      'resize',
      spec.mode === 'nearest' || spec.dtype === 'float32',
      'only floats are interpolated',
      spec,
    );
    requireShape(
      'resize',
      spec.axes.every(
        ({ axis, extent, scale }, i) =>
          axis > (spec.axes[i - 1]?.axis ?? -1) &&
          axis < spec.shape.length &&
          (extent === 0 || spec.shape[axis]! > 0) &&
          scale > 0,
      ),
      'axes are axes of the shape, ascending, with scales above 0, and nothing grows out of an empty one',
      spec,
    );
  },
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: resizedShape(spec) } }),
};

/** Shape of the result. */
export function resizedShape(spec: Pick<ResizeSpec, 'shape' | 'axes'>): number[] {
  return spec.shape.map((extent, i) => spec.axes.find(({ axis }) => axis === i)?.extent ?? extent);
}

/** Elements that a point of the result is made of; without taps it is the extrapolation value. */
export interface ResizeTaps {
  readonly indices: readonly number[];
  readonly weights: readonly number[];
}

const { fround } = Math;

/**
 * The taps of each point of the result along one axis. Coordinates and weights are float32 in each step, for points
 * between two elements to fall to the same side as in ONNX Runtime.
 */
export function resizeTaps(spec: ResizeSpec, resized: ResizeAxis): ResizeTaps[] {
  const input = spec.shape[resized.axis]!;
  return Array.from({ length: resized.extent }, (_, i) => {
    const at = coordinate(spec.coordinates, i, input, resized);
    if (spec.coordinates === 'tf_crop_and_resize' && (at < 0 || at > input - 1))
      return { indices: [], weights: [] };
    if (spec.mode === 'nearest')
      return { indices: [inside(nearestTo(at, spec.nearest), input)], weights: [1] };
    return spec.mode === 'linear' ? linearTaps(at, input) : cubicTaps(at, input, spec);
  });
}

function coordinate(
  mode: ResizeCoordinates,
  i: number,
  input: number,
  { extent, scale, crop }: ResizeAxis,
): number {
  const centred = fround(fround(fround(i + 0.5) / scale) - 0.5);
  switch (mode) {
    case 'asymmetric':
      return fround(i / scale);
    case 'half_pixel':
      return centred;
    case 'half_pixel_symmetric': {
      const adjustment = fround(extent / fround(input * scale));
      const offset = fround(fround(input / 2) * fround(1 - adjustment));
      return fround(offset + centred);
    }
    case 'pytorch_half_pixel':
      return extent > 1 ? centred : 0;
    case 'align_corners':
      return extent === 1 ? 0 : fround(fround(i * (input - 1)) / (extent - 1));
    case 'tf_crop_and_resize': {
      const [start, end] = crop ?? [0, 1];
      if (extent === 1) return fround(0.5 * fround(start + end) * (input - 1));
      const step = fround(fround(fround(end - start) * (input - 1)) / (extent - 1));
      return fround(fround(start * (input - 1)) + fround(i * step));
    }
  }
}

function nearestTo(at: number, mode: NearestMode): number {
  switch (mode) {
    case 'ceil':
      return Math.ceil(at);
    case 'floor':
      return Math.floor(at);
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5);
    case 'round_prefer_floor':
      return Math.ceil(at - 0.5);
  }
}

function linearTaps(at: number, input: number): ResizeTaps {
  const point = Math.min(Math.max(at, 0), input - 1);
  const low = Math.floor(point);
  const high = Math.min(low + 1, input - 1);
  const share = fround(point - low);
  return low === high
    ? { indices: [low], weights: [1] }
    : { indices: [low, high], weights: [fround(1 - share), share] };
}

// Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981.
function cubicTaps(at: number, input: number, { cubic: a, excludeOutside }: ResizeSpec): ResizeTaps {
  const base = Math.floor(at);
  const t = at - base;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const raw = [far(t + 1), near(t), near(1 - t), far(2 - t)];
  const places = raw.map((_, i) => base - 1 + i);
  const kept = raw.map((weight, i) =>
    excludeOutside && inside(places[i]!, input) !== places[i] ? 0 : weight,
  );
  const sum = excludeOutside ? kept.reduce((total, weight) => total + weight, 0) : 1;
  return {
    indices: places.map((place) => inside(place, input)),
    weights: kept.map((weight) => fround(weight / sum)),
  };
}

function inside(index: number, extent: number): number {
  return Math.min(Math.max(index, 0), extent - 1);
}
