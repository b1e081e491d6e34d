"""Writes ort-vectors.json: what ONNX Runtime and its quantization tool answer. Needs onnxruntime, onnx and numpy."""
import json
import os

import numpy as np
import onnx
import onnx.numpy_helper as nh
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.quant_utils import compute_scale_zp, get_qmin_qmax_for_qType

rng = np.random.default_rng(20)
f32 = np.float32


def run(nodes, feeds, inits, outs, opset=13):
    ins = [h.make_tensor_value_info(k, h.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in feeds.items()]
    outs = [h.make_tensor_value_info(n, t, None) for n, t in outs]
    graph = h.make_graph(nodes, "g", ins, outs, [nh.from_array(a, n) for n, a in inits.items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)])
    model.ir_version = 8
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)


def num(a):
    return [float(v) for v in np.asarray(a).ravel()]


def ints(a):
    return [int(v) for v in np.asarray(a).ravel()]


def params():
    edges = [(0, 0), (-1, 1), (0, 6), (-3, 0), (2, 5), (-5, -2), (1e-40, 2e-40), (-1e-36, 1e-36), (0, 2.9e-36), (0, 3.1e-36),
             (-1e38, 5e37), (-2.2, 2.2), (-0.1, 0.3), (-127.5, 127.5), (0, 255), (-1, 254), (-0.5, 254.5)]
    randoms = [tuple(np.sort(f32(rng.standard_normal(2) * 10 ** rng.uniform(-4, 4)))) for _ in range(40)]
    out = []
    for lo, hi in edges + randoms:
        for dtype, qtype in (("int8", T.INT8), ("uint8", T.UINT8)):
            for symmetric in (True, False):
                for reduce in (False, True):
                    qmin, qmax = get_qmin_qmax_for_qType(qtype, reduce, symmetric)
                    zp, s = compute_scale_zp(np.array(lo, f32), np.array(hi, f32), qmin, qmax, symmetric)
                    out.append([float(f32(lo)), float(f32(hi)), dtype, "symmetric" if symmetric else "asymmetric", reduce, float(s), int(zp)])
    return out


def ties():
    """Ranges whose zero point depends on the rounding of -min / scale to float32."""
    found = []
    while len(found) < 4:
        lo, hi = f32(-rng.uniform(0.01, 10, 100000)), f32(rng.uniform(0.01, 10, 100000))
        scale = (hi - lo) / f32(255)
        apart = np.rint(-lo / scale) != np.rint(-lo.astype(np.float64) / scale)
        found += list(zip(lo[apart], hi[apart]))
    return found[:4]


def dynamic():
    out = []
    pairs = [(0, 0), (-1, 1), (0, 5), (-3, 0), (3e-38, 0), (1, 2)] + [tuple(rng.standard_normal(2) * 10 ** rng.uniform(-4, 4)) for _ in range(60)]
    pairs += ties()
    node = [h.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])]
    for pair in pairs:
        x = np.sort(np.array(pair, f32))
        _, s, z = run(node, {"x": x}, {}, [("y", T.UINT8), ("s", T.FLOAT), ("z", T.UINT8)])
        out.append([float(x[0]), float(x[1]), float(s), int(z)])
    return out


def quantize():
    out = []
    ties = np.arange(-300, 300, 0.5, dtype=f32)
    for dtype, proto, zps in ((np.int8, T.INT8, (0, -128, 127, 5)), (np.uint8, T.UINT8, (0, 255, 128, 7))):
        for zp in zps:
            s = f32(rng.uniform(0.001, 1))
            x = np.concatenate([ties[rng.integers(0, len(ties), 12)] * s, rng.standard_normal(28).astype(f32) * s * 80])
            y = run([h.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], {"x": x.astype(f32)}, {"s": s, "z": np.array(zp, dtype)}, [("y", proto)])[0]
            out.append({"dtype": np.dtype(dtype).name, "scale": float(s), "zeroPoint": zp, "x": num(x.astype(f32)), "codes": ints(y)})
    return out


def dequantize():
    q = np.concatenate([[16777217, 16777219, 2147483647, -2147483648, 123456789], rng.integers(-(2**31), 2**31, 25)]).astype(np.int32)
    s = f32(0.7)
    y = run([h.make_node("DequantizeLinear", ["q", "s"], ["y"])], {"q": q}, {"s": s}, [("y", T.FLOAT)])[0]
    return {"scale": float(s), "codes": ints(q), "reals": num(y)}


def requantize():
    out = []
    node = [h.make_node("QLinearMatMul", ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"], ["y"])]
    for dtype, proto, zy in ((np.uint8, T.UINT8, 113), (np.uint8, T.UINT8, 0), (np.int8, T.INT8, 1), (np.int8, T.INT8, -128)):
        for exact in (True, False):
            a = rng.integers(-128, 128, (30, 8)).astype(np.int8) if dtype == np.int8 else rng.integers(0, 256, (30, 8)).astype(np.uint8)
            b = rng.integers(-127, 128, (8, 1)).astype(np.int8)
            sa, sb, sy = (f32(0.5), f32(0.25), f32(64)) if exact else (f32(rng.uniform(0.001, 0.1)), f32(rng.uniform(0.001, 0.1)), f32(rng.uniform(0.05, 0.5)))
            y = run(node, {"a": a}, {"sa": sa, "za": np.array(0, dtype), "b": b, "sb": sb, "zb": np.array(0, np.int8), "sy": sy, "zy": np.array(zy, dtype)}, [("y", proto)])[0]
            acc = a.astype(np.int64) @ b.astype(np.int64)
            out.append({"dtype": np.dtype(dtype).name, "scales": [float(sa), float(sb), float(sy)], "zeroPoint": zy, "acc": ints(acc), "codes": ints(y)})
    return out


def bias():
    out = []
    for per_channel in (True, False):
        for _ in range(3):
            b = (rng.standard_normal(6) * 10 ** rng.uniform(-3, 5, 6)).astype(f32)
            sx = np.array(10 ** rng.uniform(-6, -2), f32)
            sw = (10 ** rng.uniform(-6, -2, 6 if per_channel else 1)).astype(f32)
            before = num(sw)
            changed, new = QDQQuantizer._adjust_weight_scale_for_int32_bias(
                None, sx, sw.copy() if per_channel else sw.copy().reshape(()), "w", nh.from_array(b, "b"), per_channel)
            new = np.asarray(new, f32).reshape(-1)
            scale = sx * new
            codes = np.clip((b.astype(np.float64) / scale.astype(np.float64)).round(), -(2**31), 2**31 - 1)
            out.append({"bias": num(b), "inputScale": float(sx), "weightScale": before, "raisedScale": num(new), "scale": num(scale), "codes": ints(codes)})
    return out


data = {
    "origin": f"ort-vectors.py; onnxruntime {ort.__version__}, onnx {onnx.__version__}, numpy {np.__version__}, seed 20",
    "params": params(), "dynamic": dynamic(), "quantize": quantize(), "dequantize": dequantize(), "requantize": requantize(), "bias": bias(),
}
with open(os.path.join(os.path.dirname(__file__), "ort-vectors.json"), "w") as file:
    json.dump(data, file)
