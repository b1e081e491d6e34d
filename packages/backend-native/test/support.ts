import native from '../src/index.ts';

/** Whether the addon is built here; its absence is said by the conformance test. */
export const available: boolean = (await native.probe()).available;
