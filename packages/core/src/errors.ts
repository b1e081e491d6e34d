/** Stable codes of every error the project throws; tests and callers branch on these, never on messages. */
export type HalftoneErrorCode =
  /** A backend, package or device is not usable here. */
  | 'HT_UNAVAILABLE'
  /** A valid request that this backend, executor or format does not cover. */
  | 'HT_UNSUPPORTED'
  /** Shapes of the operands do not fit together. */
  | 'HT_SHAPE_MISMATCH'
  /** An operand has the wrong dtype. */
  | 'HT_DTYPE_MISMATCH'
  /** An argument's value is out of its domain. */
  | 'HT_INVALID_ARGUMENT'
  /** Something was used after its dispose(). */
  | 'HT_DISPOSED'
  /** A model file is damaged or breaks its format's rules. */
  | 'HT_MODEL_INVALID'
  /** A data file (image, array, labels, test set) is damaged or does not fit the model. */
  | 'HT_DATA_INVALID'
  /** Reading or writing a file failed, or the file exists already. */
  | 'HT_FILE'
  /** An allocation was refused. */
  | 'HT_OUT_OF_MEMORY'
  /** A backend broke the contract; a bug of that backend. */
  | 'HT_BACKEND';

/** Values that help a program react: names, shapes, offsets. JSON-serialisable. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

// Registered, so that two copies of core in one process know each other's errors.
const brand = Symbol.for('halftone.error');

/**
 * The one error class of the project.
 * `code` is stable; `details` names the place; `message` says what is wrong and what to do next.
 */
export class HalftoneError extends Error {
  readonly code: HalftoneErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: HalftoneErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'HalftoneError';
    this.code = code;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a HalftoneError of any copy of core in the process (the brand is a registered symbol). */
export function isHalftoneError(value: unknown, code?: HalftoneErrorCode): value is HalftoneError {
  if (typeof value !== 'object' || value === null || !(brand in value)) return false;
  return code === undefined || (value as unknown as HalftoneError).code === code;
}
