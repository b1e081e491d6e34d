export { graphRunner, withOutputs } from './graph-runner.ts';
export { quantizeDynamic } from './dynamic.ts';
export { type CalibrateOptions, calibrate, type Calibration, type ObservedRange } from './calibrate.ts';
export { type CalibrationMethod, methods } from './observers/methods.ts';
export { meanMinMaxObserver } from './observers/mean-min-max.ts';
export { minMaxObserver } from './observers/min-max.ts';
export type { Observer, ObserverFactory } from './observers/observer.ts';
export type { ReasonCode } from './operators.ts';
export type {
  ActivationOptions,
  CalibrationBatch,
  CalibrationProgress,
  CommonOptions,
  DynamicOptions,
  QuantizedFormat,
  StaticOptions,
  StopSignal,
  WeightOptions,
} from './options.ts';
export type {
  NodeReport,
  QuantizationReport,
  TensorReport,
  Warning,
  WeightReport,
} from './report.ts';
export type { FloatRunner, FloatSession } from './runner.ts';
export { type QuantizationResult, quantizeStatic } from './static.ts';
