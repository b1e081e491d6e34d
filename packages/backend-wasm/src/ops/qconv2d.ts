// acc[n, oh, ow, o] = sum over kh, kw, i of (x[n, ih, iw, g * c/groups + i] - xZeroPoint) * (w[o, kh, kw, i] - wZeroPoint[o])
// modulo 2^32, and its way out
import { type DeviceOp, type QConv2dSpec, sizeOf, windowOutput } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { CONV, DEPTHWISE, PACK, PACK_CHANNELS, PACK_WINOGRAD, WINOGRAD } from '../kinds.ts';
import { LEAST_PRODUCTS, packed, productFields, roomOf, windowIn } from './shared.ts';

/** How filters are packed and a convolution with them is called. */
interface Form {
  readonly name: string;
  readonly layout: string;
  readonly packKind: number;
  readonly kind: number;
  readonly bytes: number;
  /** Of scratch, for each part. */
  readonly scratch: number;
}

export function qconv2d(machine: Machine): DeviceOp<number, QConv2dSpec> {
  const packing = (spec: QConv2dSpec, { packKind }: Form, to: number): Call => {
    const { groups, o, kernel, wZeroPoint, weights } = spec;
    const signed = Number(weights === 'int8');
    const each = wZeroPoint === 'per-channel';
    const fields =
      packKind === PACK_CHANNELS
        ? [o, ...kernel, signed, Number(each)]
        : [groups, depthOf(spec), o / groups, 1, signed, Number(each), each ? o / groups : 0];
    return new Call(machine, packKind, 1, ['w', 'wZeroPoint', to, ...fields]);
  };
  return {
    supports: ({ output }) =>
      output.type !== 'codes' ||
      output.mode === 'ort-f32' || { reason: `mode ${output.mode} is not supported` },
    pack(spec, weights) {
      const form = formOf(machine, spec);
      return packed(machine, form.layout, form.bytes, weights, (to) => packing(spec, form, to));
    },
    prepare(spec, weights) {
      const { n, groups, o, x } = spec;
      const form = formOf(machine, spec);
      const given = roomOf('qconv2d', weights);
      const parts = partsOf(machine, sizeOf([n, ...windowOutput(spec), o]) * depthOf(spec), LEAST_PRODUCTS);
      return new CallKernel(machine, form.name, (hold) => {
        const filters = given ?? hold(new Room(machine, form.layout, form.bytes));
        const scratch = hold(new Room(machine, 'scratch', parts * form.scratch));
        const window = hold(windowIn(machine, spec));
        const addresses = [filters.address, scratch.address, window.address];
        const fields = ['x', 'xZeroPoint', ...addresses, groups, o, Number(x === 'int8')];
        const call = hold(new Call(machine, form.kind, parts, [...productFields(spec), ...fields]));
        return given ? [call] : [hold(packing(spec, form, filters.address)), call];
      });
    },
  };
}

/** Products of one element of the result. */
function depthOf({ kernel, c, groups }: QConv2dSpec): number {
  return (kernel[0] * kernel[1] * c) / groups;
}

function formOf({ kernels, build }: Machine, spec: QConv2dSpec): Form {
  const { groups, c, o, kernel, strides, dilations } = spec;
  const depth = depthOf(spec);
  if (groups > 1 && groups === c && o === c)
    return {
      name: 'qconv_channels_simd',
      layout: 'pairs of rows of 8 channels',
      packKind: PACK_CHANNELS,
      kind: DEPTHWISE,
      bytes: kernels.packedChannelBytes(c, ...kernel),
      scratch: kernels.channelScratchBytes(c, ...kernel, strides[1], dilations[1], windowOutput(spec)[1]),
    };
  if (build === 'simd' && suitsWinograd(spec))
    return {
      name: 'qconv_winograd_simd',
      layout: 'tiles of 8 filters',
      packKind: PACK_WINOGRAD,
      kind: WINOGRAD,
      bytes: kernels.winogradBytes(c, o),
      scratch: kernels.winogradScratchBytes(c),
    };
  return {
    name: `qconv_6x8_${build}`,
    layout: 'panels of 8 filters',
    packKind: PACK,
    kind: CONV,
    bytes: groups * kernels.packedBytes(depth, o / groups),
    scratch: kernels.convScratchBytes(depth, o / groups),
  };
}

/** More channels may have sums that the form cannot tell from others: see assembly/winograd.ts. */
const MOST_CHANNELS = 917;
/** Fewer are not worth the way to tiles and back. */
const LEAST_CHANNELS = 4;

/** Whether Winograd's form has at most three quarters of the products: it has 16 for four results, which edges may not need. */
function suitsWinograd(spec: QConv2dSpec): boolean {
  const { kernel, strides, dilations, groups, c } = spec;
  const [h, w] = windowOutput(spec);
  const products = 16 * Math.ceil(h / 2) * Math.ceil(w / 2);
  return (
    groups === 1 &&
    [...kernel, ...strides, ...dilations].join() === '3,3,1,1,1,1' &&
    c >= LEAST_CHANNELS &&
    c <= MOST_CHANNELS &&
    products <= 9 * h * w * 0.75
  );
}
