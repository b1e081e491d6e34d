// numerics 4.2: scale = fround((max - min) / 255), zeroPoint = code of 0 - min / scale, of a range that holds 0
import { Elements } from './call';
import { codeOf } from './codes';
import { quantize } from './quantize';

/** Four lowest, or highest, numbers as one. */
@inline
function lowest(v: v128): f32 {
  const a = f32x4.extract_lane(v, 0), b = f32x4.extract_lane(v, 1);
  const c = f32x4.extract_lane(v, 2), d = f32x4.extract_lane(v, 3);
  const first = a < b ? a : b, second = c < d ? c : d;
  return first < second ? first : second;
}

/** Of a tensor as one channel; writes its scale and zero point. */
export function dynamicQuantize(call: Elements): void {
  const n = call.outer * call.inner;
  let mins = f32x4.splat(0), maxs = f32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const values = v128.load(call.x + (<usize>i << 2));
    // A NaN loses against what stands first.
    mins = f32x4.pmin(mins, values);
    maxs = f32x4.pmax(maxs, values);
  }
  let min = lowest(mins), max = -lowest(f32x4.neg(maxs));
  for (; i < n; i++) {
    const value = load<f32>(call.x + (<usize>i << 2));
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const width = (max - min) / 255.0;
  const step: f32 = width == 0 ? 1 : width;
  store<f32>(call.scale, step);
  store<u8>(call.zero, <u8>codeOf(<f32>0 - min / step, 0, 255, 0));
  quantize(call, 0);
}
