import { meanMinMaxObserver } from './mean-min-max.ts';
import { minMaxObserver } from './min-max.ts';
import type { ObserverFactory } from './observer.ts';

/** Names of the calibration methods. */
export type CalibrationMethod = 'minmax' | 'mean-minmax';

/** The observer of each calibration method: a new method is a file beside this one and a row here. */
export const methods: { readonly [M in CalibrationMethod]: ObserverFactory } = {
  minmax: minMaxObserver,
  'mean-minmax': meanMinMaxObserver,
};
