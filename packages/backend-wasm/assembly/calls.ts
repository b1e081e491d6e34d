import {
  ADD,
  AVERAGE_POOL,
  BINARY_GEMM,
  BLOCK_GEMM,
  BLOCK_PACK,
  CONV,
  DEPTHWISE,
  DEQUANTIZE,
  DOTS,
  DYNAMIC_QUANTIZE,
  GEMM,
  IM2COL,
  LOOKUP,
  MAX_POOL,
  MULTIPLY,
  PACK,
  PACK_CHANNELS,
  PACK_SIGNS,
  PACK_WINOGRAD,
  QSOFTMAX,
  QUANTIZE,
  REQUANTIZE,
  TOP_K,
  TRANSPOSE,
  WINOGRAD,
} from '../src/kinds';
import { BinaryGemm, binaryGemm, PackSigns, packSigns } from './binary-gemm';
import { BlockGemm, blockGemm } from './block-gemm';
import { BlockPack, blockPack } from './block-pack';
import { Call, Elements } from './call';
import { Conv, conv } from './conv';
import { depthwise, packChannels, PackChannels } from './depthwise';
import { dequantize } from './dequantize';
import { Dots, dots } from './dots';
import { dynamicQuantize } from './dynamic-quantize';
import { Gemm, gemm, Pack, pack } from './gemm';
import { Im2col, im2col } from './im2col';
import { Transpose, transpose } from './move';
import { Lookup, lookup, Pairs, qadd, qmul } from './pairwise';
import { averagePool, maxPool, Pool } from './pool';
import { QSoftmax, qsoftmax } from './qsoftmax';
import { quantize } from './quantize';
import { requantize } from './requantize';
import { share } from './threads';
import { packWinograd, winograd } from './winograd';
import { TopK, topK } from './top-k';

/** One part of a call. */
export function runPart(call: usize, part: i32): void {
  switch (changetype<Call>(call).kind) {
    case QUANTIZE: quantize(changetype<Elements>(call), part); break;
    case DEQUANTIZE: dequantize(changetype<Elements>(call), part); break;
    case REQUANTIZE: requantize(changetype<Elements>(call), part); break;
    case PACK: pack(changetype<Pack>(call)); break;
    case GEMM: gemm(changetype<Gemm>(call), part); break;
    case CONV: conv(changetype<Conv>(call), part); break;
    case PACK_CHANNELS: packChannels(changetype<PackChannels>(call)); break;
    case DEPTHWISE: depthwise(changetype<Conv>(call), part); break;
    case IM2COL: im2col(changetype<Im2col>(call), part); break;
    case MAX_POOL: maxPool(changetype<Pool>(call), part); break;
    case AVERAGE_POOL: averagePool(changetype<Pool>(call), part); break;
    case LOOKUP: lookup(changetype<Lookup>(call), part); break;
    case ADD: qadd(changetype<Pairs>(call)); break;
    case MULTIPLY: qmul(changetype<Pairs>(call)); break;
    case TRANSPOSE: transpose(changetype<Transpose>(call)); break;
    case DYNAMIC_QUANTIZE: dynamicQuantize(changetype<Elements>(call)); break;
    case DOTS: dots(changetype<Dots>(call), part); break;
    case PACK_WINOGRAD: packWinograd(changetype<Pack>(call)); break;
    case WINOGRAD: winograd(changetype<Conv>(call), part); break;
    case BLOCK_PACK: blockPack(changetype<BlockPack>(call)); break;
    case BLOCK_GEMM: blockGemm(changetype<BlockGemm>(call), part); break;
    case PACK_SIGNS: packSigns(changetype<PackSigns>(call)); break;
    case BINARY_GEMM: binaryGemm(changetype<BinaryGemm>(call), part); break;
    case TOP_K: topK(changetype<TopK>(call), part); break;
    case QSOFTMAX: qsoftmax(changetype<QSoftmax>(call), part); break;
    default: unreachable();
  }
}

/** Runs a call to its end. */
export function run(call: usize): void {
  const parts = changetype<Call>(call).parts;
  if (parts == 1) runPart(call, 0);
  else if (ASC_FEATURE_THREADS) share(call, parts);
  else unreachable();
}

/** Runs `count` calls, whose addresses stand at `calls`, one after the other. */
export function runAll(calls: usize, count: i32): void {
  for (let i = 0; i < count; i++) run(load<u32>(calls + (<usize>i << 2)));
}
