export { packedSignBytes, signScratchBytes } from './binary-gemm';
export { blockScratchBytes } from './block-gemm';
export { blockPackedBytes } from './block-pack';
export { run, runAll } from './calls';
export { convScratchBytes } from './conv';
export { channelScratchBytes, packedChannelBytes } from './depthwise';
export { dotsScratchBytes } from './dots';
export { packedBytes, scratchBytes } from './gemm';
export { winogradBytes, winogradScratchBytes } from './winograd';
export { topKScratchBytes } from './top-k';

/** Where memory that is not the module's own begins. */
export function heapBase(): usize {
  return __heap_base;
}
