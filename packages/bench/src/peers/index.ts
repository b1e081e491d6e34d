export { type GpujsClass, gpujsPeer } from './gpujs.ts';
export { loopsPeer } from './loops.ts';
export { type OrtModule, ortNetworks, ortPeer, type OrtPeerOptions } from './ort.ts';
export { simsimdPeer, type SimsimdModule } from './simsimd.ts';
export { tfjsPeer, type TfModule, type TfPeerOptions } from './tfjs.ts';
