"""Writes onnx-reference-vectors.json: requantization by the ONNX reference evaluator. Needs onnx and numpy."""
import json
import os

import numpy as np
import onnx
import onnx.numpy_helper as nh
from onnx import TensorProto as T
from onnx import helper as h
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(20)
f32 = np.float32
names = ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"]


def evaluate(op, values, out):
    feeds = {"a": values["a"]}
    ins = [h.make_tensor_value_info("a", h.np_dtype_to_tensor_dtype(values["a"].dtype), values["a"].shape)]
    inits = [nh.from_array(np.asarray(values[n]), n) for n in names[1:]]
    graph = h.make_graph([h.make_node(op, names, ["y"])], "g", ins, [h.make_tensor_value_info("y", out, None)], inits)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)])
    return ReferenceEvaluator(model).run(None, feeds)[0]


def matmul(acc_of, scales, zero, dtype, proto, rows):
    """One accumulator a row: a [rows, 8] times b [8, 1]."""
    a, b = acc_of(rows)
    values = {"a": a, "sa": scales[0], "za": np.array(0, a.dtype), "b": b, "sb": scales[1], "zb": np.array(0, np.int8), "sy": scales[2], "zy": np.array(zero, dtype)}
    y = evaluate("QLinearMatMul", values, proto)
    image = {**values, "a": a.reshape(rows, 8, 1, 1), "b": b.reshape(1, 8, 1, 1)}
    assert (evaluate("QLinearConv", image, proto).ravel() == y.ravel()).all()
    acc = (a.astype(np.int64) @ b.astype(np.int64)).ravel()
    return {"dtype": np.dtype(dtype).name, "scales": [float(s) for s in scales], "zeroPoint": int(zero), "acc": [int(v) for v in acc], "codes": [int(v) for v in y.ravel()]}


def random(rows):
    return rng.integers(0, 256, (rows, 8)).astype(np.uint8), rng.integers(-127, 128, (8, 1)).astype(np.int8)


def ramp(rows):
    """Accumulators 0, 1, 2 .. rows - 1."""
    a = np.zeros((rows, 8), np.uint8)
    a[:, 0] = np.arange(rows)
    b = np.zeros((8, 1), np.int8)
    b[0] = 1
    return a, b


cases = []
for dtype, proto, zeros in ((np.uint8, T.UINT8, (0, 1, 113, 128)), (np.int8, T.INT8, (0, 1, -7, -128))):
    for zero in zeros:
        cases.append(matmul(ramp, (f32(0.5), f32(1), f32(1)), zero, dtype, proto, 24))
        for _ in range(2):
            cases.append(matmul(random, (f32(rng.uniform(0.001, 0.1)), f32(rng.uniform(0.001, 0.1)), f32(rng.uniform(0.05, 0.5))), zero, dtype, proto, 30))

# Multipliers just beside a tie: in float64 the product is on the tie's other side, in float32 it is the tie.
for zero in (0, 3):
    for m in (np.nextafter(f32(0.5), f32(1)), np.nextafter(f32(0.5), f32(0))):
        cases.append(matmul(ramp, (m, f32(1), f32(1)), zero, np.uint8, T.UINT8, 24))

data = {"origin": f"onnx-reference-vectors.py; onnx {onnx.__version__}, numpy {np.__version__}, seed 20", "requantize": cases}
with open(os.path.join(os.path.dirname(__file__), "onnx-reference-vectors.json"), "w") as file:
    json.dump(data, file)
