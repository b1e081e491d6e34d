/** Microsoft's operator domain: ONNX Runtime's own quantized operators. */
export const MICROSOFT = 'com.microsoft';
