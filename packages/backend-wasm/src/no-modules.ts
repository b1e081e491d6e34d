import type { ModuleTexts } from './modules.ts';

/** In place of the modules' text in bundles for hosts that take compiled modules alone. */
export const modules: ModuleTexts = {};
