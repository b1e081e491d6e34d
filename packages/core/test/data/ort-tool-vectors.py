"""Writes ort-tool-vectors.json: parameters, weights and biases by ONNX Runtime's quantization tool. Needs onnxruntime, onnx and numpy."""
import json
import os
from types import SimpleNamespace

import numpy as np
import onnx
import onnx.numpy_helper as nh
import onnxruntime
from onnx import TensorProto as T
from onnx import helper as h
from onnxruntime.quantization.base_quantizer import BaseQuantizer
from onnxruntime.quantization.onnx_model import ONNXModel
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.quant_utils import compute_data_quant_params, quantize_onnx_initializer

rng = np.random.default_rng(46)
f32 = np.float32
types = {"int8": T.INT8, "uint8": T.UINT8, "int16": T.INT16, "uint16": T.UINT16, "int4": T.INT4, "uint4": T.UINT4}
choices = [(name, symmetric, reduce) for name in types for symmetric in (True, False) for reduce in (False, True)]


def num(a):
    return [float(v) for v in np.asarray(a, f32).ravel()]


def params():
    """Scale and zero point of data between two ends: edges (nothing, one sign, tiny, huge, an outlier), then random ones."""
    ranges = [(0, 0), (-1, 1), (0, 6), (-3, 0), (2, 5), (-5, -2), (1e-40, 2e-40), (-1e-36, 1e-36), (0, 2.9e-36), (0, 3.1e-36), (0, 7.6e-34), (0, 7.8e-34),
              (0, 1.7e-37), (0, 1.8e-37), (-1e38, 5e37), (-0.1, 300), (-1000, 0.01), (-127.5, 127.5), (-0.5, 254.5), (-7.5, 7.5), (-0.5, 14.5), (-32767.5, 32767.5)]
    ranges += [tuple(np.sort(rng.standard_normal(2) * 10 ** rng.uniform(-4, 4))) for _ in range(30)]
    ranges = [(float(f32(lo)), float(f32(hi))) for lo, hi in ranges]
    answers = []
    for name, symmetric, reduce in choices:
        pairs = [compute_data_quant_params(np.array(ends, f32), types[name], symmetric, reduce) for ends in ranges]
        answers.append({"dtype": name, "symmetric": symmetric, "reduceRange": reduce, "scales": [float(s) for _, s in pairs], "zeroPoints": [int(z) for z, _ in pairs]})
    return {"ranges": ranges, "answers": answers}


def weights():
    """Codes of a matrix per tensor and along both axes; one row is zero, one has an outlier, one column has one sign."""
    w = rng.standard_normal((4, 6)).astype(f32)
    w[1] = 0
    w[2] *= f32(0.001)
    w[3, 2] = 40
    w[:, 4] = np.abs(w[:, 4])
    out = []
    for name, symmetric, reduce in choices:
        for axis in (None, 0, 1):
            parts = [w.ravel()] if axis is None else [w.take(i, axis).ravel() for i in range(w.shape[axis])]
            pairs = [compute_data_quant_params(p, types[name], symmetric, reduce) for p in parts]
            zeros, scales = [z for z, _ in pairs], [s for _, s in pairs]
            given = (zeros[0], scales[0]) if axis is None else (np.array(zeros), np.array(scales))
            codes = nh.to_array(quantize_onnx_initializer(nh.from_array(w, "w"), types[name], *given, axis)).ravel()
            out.append({"dtype": name, "symmetric": symmetric, "reduceRange": reduce, "axis": axis, "scales": num(scales), "zeroPoints": [int(z) for z in zeros], "codes": [int(c) for c in codes]})
    return {"shape": list(w.shape), "values": num(w), "answers": out}


def bias_codes(bias, sx, sw):
    """The tool's own bias step, on a model of nothing but the bias."""
    graph = h.make_graph([], "g", [], [], [nh.from_array(bias, "b")])
    tool = SimpleNamespace(weight_qType=T.INT8, model=ONNXModel(h.make_model(graph)), quantized_value_map={})
    BaseQuantizer.quantize_bias_static_impl(tool, "b", sx, sw)
    found = {i.name: nh.to_array(i) for i in tool.model.initializer()}
    return found["b_quantized"], found["b_quantized_scale"]


def biases():
    """The guard of the weight scale, then codes and scale of the bias."""
    span = 2.0**32 - 2
    cases = []
    for per_channel in (True, False):
        for _ in range(6):
            bias = (rng.standard_normal(6) * 10 ** rng.uniform(-3, 5, 6)).astype(f32)
            cases.append((bias, 10 ** rng.uniform(-6, -2), 10 ** rng.uniform(-6, -2, 6 if per_channel else 1)))
        # Nothing to guard, and products of scales around the threshold of the largest bias.
        cases.append((np.zeros(6, f32), 1e-6, np.full(6 if per_channel else 1, 1e-6)))
        edge = 1.0001 * 2 * 1000 / span / 1e-3
        for factor in (0.99999, 1, 1.00001):
            bias = np.array([1000, -1000, 1, 0.5, -0.25, 0], f32)
            cases.append((bias, 1e-3, np.full(6 if per_channel else 1, edge * factor)))
    out = []
    for bias, sx, sw in cases:
        sx, sw = np.array(sx, f32), np.asarray(sw, f32)
        per_channel = sw.size > 1
        before = num(sw)
        _, new = QDQQuantizer._adjust_weight_scale_for_int32_bias(None, sx, sw.copy() if per_channel else sw.copy().reshape(()), "w", nh.from_array(bias, "b"), per_channel)
        new = np.asarray(new, f32).reshape(-1)
        codes, scale = bias_codes(bias, sx, new)
        out.append({"bias": num(bias), "inputScale": float(sx), "weightScale": before, "raisedScale": num(new), "scale": num(scale), "codes": [int(c) for c in codes]})
    return out


data = {
    "origin": f"ort-tool-vectors.py; onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}, numpy {np.__version__}, seed 46",
    "params": params(), "weights": weights(), "bias": biases(),
}
with open(os.path.join(os.path.dirname(__file__), "ort-tool-vectors.json"), "w") as file:
    json.dump(data, file)
