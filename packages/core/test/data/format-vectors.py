"""Writes format-vectors.json: codes of small floats. Needs numpy, ml_dtypes, onnx."""
import json
import os
import random

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

random.seed(11)
TYPES = {
    "float16": (np.float16, np.uint16, None),
    "bfloat16": (ml_dtypes.bfloat16, np.uint16, None),
    "float8e4m3fn": (ml_dtypes.float8_e4m3fn, np.uint8, TensorProto.FLOAT8E4M3FN),
    "float8e4m3fnuz": (ml_dtypes.float8_e4m3fnuz, np.uint8, TensorProto.FLOAT8E4M3FNUZ),
    "float8e5m2": (ml_dtypes.float8_e5m2, np.uint8, TensorProto.FLOAT8E5M2),
    "float8e5m2fnuz": (ml_dtypes.float8_e5m2fnuz, np.uint8, TensorProto.FLOAT8E5M2FNUZ),
    "float4e2m1": (ml_dtypes.float4_e2m1fn, np.uint8, None),
    "float8e8m0": (ml_dtypes.float8_e8m0fnu, np.uint8, None),
}


def plain(values):
    return [float(v) if np.isfinite(v) else str(v) for v in values]


data = {
    "origin": f"format-vectors.py; ml_dtypes {ml_dtypes.__version__}, numpy {np.__version__}, onnx {onnx.__version__}, seed 11; "
    "`codes` without saturation, `saturated` by Cast of onnx's reference evaluator"
}
for name, (dtype, word, onnx_type) in TYPES.items():
    bits = 4 if name == "float4e2m1" else 8 * np.dtype(word).itemsize
    codes = np.arange(1 << bits, dtype=np.uint32).astype(word)
    values = codes.view(dtype).astype(np.float32)
    finite = np.unique(np.abs(values[np.isfinite(values)]))
    if bits == 16:
        finite = finite[sorted(random.sample(range(len(finite)), 60))]
    ties = [(float(a) + float(b)) / 2 for a, b in zip(finite, finite[1:])] if bits < 16 else []
    top = float(np.max(np.abs(values[np.isfinite(values)])))
    extra = [random.uniform(-1, 1) * top * 2.0 ** random.randint(-12, 1) for _ in range(60)]
    # e8m0 has no sign.
    signs = [1] if name == "float8e8m0" else [1, -1]
    xs = [s * x for x in [*map(float, finite), *ties, *np.abs(extra)] for s in signs]
    xs += [float("nan"), float("inf"), top * 1.01, top * 1.1, top * 2, 0.0, *([-np.inf, -0.0, -top * 1.1] if len(signs) > 1 else [])]
    xs = np.array(xs, dtype=np.float32)
    xs = xs[~((xs == 0) & (name == "float8e8m0"))]
    row = {"x": plain(xs), "codes": [int(c) for c in xs.astype(dtype).view(word)]}
    if onnx_type is not None:
        node = helper.make_node("Cast", ["x"], ["y"], to=onnx_type, saturate=1)
        graph = helper.make_graph(
            [node], "g", [helper.make_tensor_value_info("x", 1, [len(xs)])], [helper.make_tensor_value_info("y", onnx_type, [len(xs)])]
        )
        y = ReferenceEvaluator(helper.make_model(graph)).run(None, {"x": xs})[0]
        row["saturated"] = [int(c) for c in y.view(np.uint8)]
    row["decoded"] = plain(values) if bits <= 8 else plain(values[:: 1009])
    data[name] = row
with open(os.path.join(os.path.dirname(__file__), "format-vectors.json"), "w") as file:
    json.dump(data, file)
