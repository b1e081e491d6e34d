"""Writes src/golden/testdata/*.ts: results of ONNX Runtime and of ONNX's operator tests. Needs numpy, onnx, onnxruntime.

python golden/make.py [folder of ONNX operator tests]
"""
import glob
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

f32 = np.float32
here = os.path.dirname(os.path.abspath(__file__))
origin = f"ONNX Runtime {ort.__version__}"
rng = np.random.default_rng(41)
TYPES = {"int8": T.INT8, "uint8": T.UINT8, "int16": T.INT16, "uint16": T.UINT16, "int4": T.INT4, "uint4": T.UINT4}
RANGES = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535), "int4": (-8, 7), "uint4": (0, 15)}


def model(op, inputs, attributes=None, domain="", opset=21, out=None):
    """A model of one node whose inputs are constants: [name, type, shape, list of values]."""
    tensors = [helper.make_tensor(n, t, s, v) for n, t, s, v in inputs if n]
    node = helper.make_node(op, [n for n, *_ in inputs], out or ["y"], domain=domain, **(attributes or {}))
    outputs = [onnx.ValueInfoProto(name=n) for n in (out or ["y"])]
    graph = helper.make_graph([node], "g", [], outputs, tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def run(*args, **kwargs):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    m = onnx.shape_inference.infer_shapes(model(*args, **kwargs))
    return ort.InferenceSession(m.SerializeToString(), options).run(None, {})


def reference(*args, **kwargs):
    return ReferenceEvaluator(model(*args, **kwargs)).run(None, {})


def flat(array):
    array = np.asarray(array)
    return (array.astype(np.int64) if array.dtype == bool else array).flatten().tolist()


def number(value):
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0" if np.signbit(value) else "0"
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def text(value):
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    if value is True or value is False:
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k}: {text(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(v) for v in value) + "]"
    return number(value)


def write(file_name, name, cases):
    lines = [
        f"// Made by golden/make.py with {origin}, onnx {onnx.__version__}, numpy {np.__version__}, seed 41.",
        "import type { GoldenCase } from '../golden-case.ts';",
        "",
        f"export const {name}Vectors: readonly GoldenCase[] = [",
    ]
    for case in cases:
        lines.append("  {")
        lines += [f"    {key}: {text(value)}," for key, value in case.items()]
        lines.append("  },")
    lines.append("];")
    path = os.path.join(here, "..", "src", "golden", "testdata", f"{file_name}.ts")
    with open(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    print(f"{name}: {len(cases)} cases, {os.path.getsize(path) / 1024:.0f} KiB")


def case(op, name, spec, inputs, expected, where=origin):
    return {"op": op, "name": name, "spec": spec, "inputs": {k: flat(v) for k, v in inputs.items()}, "expected": {k: flat(v) for k, v in expected.items()}, "origin": where}


def codes(dtype, shape):
    lo, hi = RANGES[dtype]
    values = rng.integers(lo, hi + 1, shape)
    ends = rng.random(shape)
    return np.where(ends < 0.15, lo, np.where(ends > 0.85, hi, values))


SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e38, 1e38, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5, 127.5, -128.5]


def quantize_cases():
    cases = []
    for dtype in TYPES:
        lo, hi = RANGES[dtype]
        for zero in sorted({lo, hi, (lo + hi) // 3}):
            for scale in (1.0, 0.1):
                x = np.concatenate([np.array(SPECIAL, f32), ((rng.integers(-300, 300, 40) + 0.5) * scale).astype(f32), rng.uniform(-40, 40, 24).astype(f32)]).astype(f32)
                if dtype.endswith("4") or dtype.endswith("16"):
                    x = x[np.isfinite(x)]  # conversions that saturate are asked of 8 bits alone
                inputs = [("x", T.FLOAT, x.shape, x.tolist()), ("s", T.FLOAT, [], [scale]), ("z", TYPES[dtype], [], [zero])]
                # a float of int4 codes cannot be read: dequantized by 1 it can
                m_inputs = inputs
                if dtype.endswith("4"):
                    q = via_dequantize(m_inputs, x.shape)
                else:
                    q = run("QuantizeLinear", m_inputs)[0]
                cases.append(case("quantize", f"{dtype}-zero-{zero}-step-{scale}", {"shape": list(x.shape), "to": dtype}, {"x": x, "scale": [f32(scale)], "zeroPoint": [zero]}, {"y": q}))
        for axis in (0, 1, 2):
            shape = [3, 4, 2]
            n = shape[axis]
            x = rng.uniform(-30, 30, shape).astype(f32)
            scale = rng.uniform(0.05, 0.5, n).astype(f32)
            zero = codes(dtype, [n])
            inputs = [("x", T.FLOAT, shape, flat(x)), ("s", T.FLOAT, [n], flat(scale)), ("z", TYPES[dtype], [n], flat(zero))]
            q = via_dequantize(inputs, shape, {"axis": axis}) if dtype.endswith("4") else run("QuantizeLinear", inputs, {"axis": axis})[0]
            cases.append(case("quantize", f"{dtype}-axis-{axis}", {"shape": shape, "to": dtype, "axis": axis}, {"x": x, "scale": scale, "zeroPoint": zero}, {"y": q}))
            back = codes(dtype, shape)
            d_inputs = [("x", TYPES[dtype], shape, flat(back)), ("s", T.FLOAT, [n], flat(scale)), ("z", TYPES[dtype], [n], flat(zero))]
            cases.append(case("dequantize", f"{dtype}-axis-{axis}", {"shape": shape, "from": dtype, "axis": axis}, {"x": back, "scale": scale, "zeroPoint": zero}, {"y": run("DequantizeLinear", d_inputs, {"axis": axis})[0]}))
        for axis, block in ((0, 2), (1, 3), (2, 2)):
            shape = [4, 6, 2]
            blocks = [-(-e // block) if a == axis else e for a, e in enumerate(shape)]
            scale = rng.uniform(0.05, 0.5, blocks).astype(f32)
            zero = codes(dtype, blocks)
            back = codes(dtype, shape)
            d_inputs = [("x", TYPES[dtype], shape, flat(back)), ("s", T.FLOAT, blocks, flat(scale)), ("z", TYPES[dtype], blocks, flat(zero))]
            y = run("DequantizeLinear", d_inputs, {"axis": axis, "block_size": block})[0]
            cases.append(case("dequantize", f"{dtype}-block-{axis}-{block}", {"shape": shape, "from": dtype, "axis": axis, "block": block}, {"x": back, "scale": scale, "zeroPoint": zero}, {"y": y}))
    x = np.array([16777217, 16777219, -16777217, 2147483647, -2147483648, 33554435, 7, -9], np.int64)
    for scale in (0.1, 3.7e-5):
        y = run("DequantizeLinear", [("x", T.INT32, x.shape, x.tolist()), ("s", T.FLOAT, [], [scale])])[0]
        cases.append(case("dequantize", f"int32-step-{scale}", {"shape": [8], "from": "int32"}, {"x": x, "scale": [f32(scale)]}, {"y": y}))
    for name, x in (("unit", [-1, -0.5, 0, 0.5, 1]), ("positive", [2, 3, 5]), ("negative", [-2, -3, -5.5]), ("spec", [0, 2, -3, -2.5, 1.34, 0.5]), ("random", rng.uniform(-3, 7, 40)), ("wide", rng.uniform(-1e30, 1e30, 20))):
        x = np.array(x, f32)
        y, s, z = run("DynamicQuantizeLinear", [("x", T.FLOAT, x.shape, x.tolist())], out=["y", "s", "z"])
        cases.append(case("dynamicQuantize", name, {"shape": [len(x)]}, {"x": x}, {"y": y, "scale": s, "zeroPoint": z}))
    return cases


def via_dequantize(inputs, shape, attributes=None):
    """Codes that no array holds: quantized, then dequantized with step 1 and zero point 0."""
    tensors = [helper.make_tensor(n, t, s, v) for n, t, s, v in inputs]
    kind = inputs[2][1]
    tensors += [helper.make_tensor("one", T.FLOAT, [], [1.0])]
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **(attributes or {})), helper.make_node("DequantizeLinear", ["q", "one"], ["y"])]
    graph = helper.make_graph(nodes, "g", [], [helper.make_tensor_value_info("y", T.FLOAT, list(shape))], tensors)
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(m.SerializeToString(), options).run(None, {})[0].astype(np.int64)


def multiplier(sx, sw, sy):
    return (f32(sx) * np.asarray(sw, f32)).astype(f32) / f32(sy)


def product_cases():
    cases = []
    plain = {"batch": 1, "transposeB": False}
    for a in ("int8", "uint8"):
        for b in ("int8", "uint8"):
            for m, n, k in ((1, 1, 1), (2, 3, 4), (3, 5, 33), (1, 17, 64)):
                # weights of 7 bits: pair sums of some kernels saturate past that
                x, w = codes(a, [m, k]), codes(b, [k, n]) // 2
                za, zb = int(codes(a, [])), codes(b, [n]) // 2
                for columns in (False, True):
                    z = zb if columns else zb[:1]
                    inputs = [("a", TYPES[a], [m, k], flat(x)), ("b", TYPES[b], [k, n], flat(w)), ("za", TYPES[a], [], [za]), ("zb", TYPES[b], [n] if columns else [], flat(z))]
                    y = run("MatMulInteger", inputs)[0]
                    spec = {**plain, "m": m, "n": n, "k": k, "a": a, "b": b, "bZeroPoint": "per-channel" if columns else "per-tensor", "bias": "none", "output": {"type": "int32"}}
                    cases.append(case("qgemm", f"matmulinteger-{a}-{b}-{m}x{n}x{k}{'-columns' if columns else ''}", spec, {"a": x, "b": w, "aZeroPoint": [za], "bZeroPoint": z}, {"y": y}))
                if a == "int8" and b == "uint8":
                    continue  # ONNX Runtime has no kernel for it
                for out in ("int8", "uint8") if a == b else (a,):
                    sa, sb, sy, zy = 0.02, rng.uniform(0.01, 0.05, n).astype(f32), 0.9, int(codes(out, []))
                    inputs = [("a", TYPES[a], [m, k], flat(x)), ("sa", T.FLOAT, [], [sa]), ("za", TYPES[a], [], [za]), ("b", TYPES[b], [k, n], flat(w)), ("sb", T.FLOAT, [n], flat(sb)), ("zb", TYPES[b], [n], flat(zb)), ("sy", T.FLOAT, [], [sy]), ("zy", TYPES[out], [], [zy])]
                    try:
                        y = run("QLinearMatMul", inputs)[0]
                    except Exception:
                        continue
                    spec = {**plain, "m": m, "n": n, "k": k, "a": a, "b": b, "bZeroPoint": "per-channel", "bias": "none", "output": {"type": "codes", "dtype": out, "mode": "ort-f32", "multiplier": "per-channel"}}
                    cases.append(case("qgemm", f"qlinearmatmul-{a}-{b}-{out}-{m}x{n}x{k}", spec, {"a": x, "b": w, "aZeroPoint": [za], "bZeroPoint": zb, "multiplier": multiplier(sa, sb, sy), "zeroPoint": [zy]}, {"y": y}))
    return cases


def conv_cases():
    cases = []
    windows = [
        dict(name="plain", h=5, w=6, kernel=[3, 2], strides=[1, 1], pads=[0, 0, 0, 0], dilations=[1, 1], c=3, o=4, groups=1),
        dict(name="padded", h=5, w=4, kernel=[3, 3], strides=[1, 2], pads=[1, 0, 2, 1], dilations=[1, 1], c=2, o=3, groups=1),
        dict(name="dilated", h=7, w=8, kernel=[2, 3], strides=[1, 1], pads=[1, 2, 0, 1], dilations=[2, 2], c=2, o=2, groups=1),
        dict(name="depthwise", h=5, w=5, kernel=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], dilations=[1, 1], c=5, o=5, groups=5),
        dict(name="grouped", h=4, w=4, kernel=[2, 2], strides=[1, 1], pads=[0, 1, 1, 0], dilations=[1, 1], c=4, o=6, groups=2),
    ]
    for x_type, w_type in (("uint8", "int8"), ("uint8", "uint8"), ("int8", "int8")):
        for window in windows:
            c, o, g, h, w = window["c"], window["o"], window["groups"], window["h"], window["w"]
            x = codes(x_type, [1, c, h, w])
            weights = codes(w_type, [o, c // g, *window["kernel"]]) // 2
            zx, zw = int(codes(x_type, [])), int(codes(w_type, []) // 2)
            attributes = dict(kernel_shape=window["kernel"], strides=window["strides"], pads=window["pads"], dilations=window["dilations"], group=g)
            spec = {"n": 1, "h": h, "w": w, "c": c, "o": o, "groups": g, "kernel": window["kernel"], "strides": window["strides"], "pads": window["pads"], "dilations": window["dilations"], "x": x_type, "weights": w_type, "wZeroPoint": "per-tensor", "bias": "none", "output": {"type": "int32"}}
            ours = {"x": x.transpose(0, 2, 3, 1), "w": weights.transpose(0, 2, 3, 1), "xZeroPoint": [zx], "wZeroPoint": [zw]}
            y = run("ConvInteger", [("x", TYPES[x_type], x.shape, flat(x)), ("w", TYPES[w_type], weights.shape, flat(weights)), ("zx", TYPES[x_type], [], [zx]), ("zw", TYPES[w_type], [], [zw])], attributes)[0]
            cases.append(case("qconv2d", f"convinteger-{x_type}-{w_type}-{window['name']}", spec, ours, {"y": y.transpose(0, 2, 3, 1)}))
            sx, sw, sy, zy = 0.03, rng.uniform(0.01, 0.04, o).astype(f32), 0.4, int(codes(x_type, []))
            zw_list = [0] * o if w_type == "int8" else [zw] * o
            bias = rng.integers(-3000, 3000, o)
            inputs = [("x", TYPES[x_type], x.shape, flat(x)), ("sx", T.FLOAT, [], [sx]), ("zx", TYPES[x_type], [], [zx]), ("w", TYPES[w_type], weights.shape, flat(weights)), ("sw", T.FLOAT, [o], flat(sw)), ("zw", TYPES[w_type], [o], zw_list), ("sy", T.FLOAT, [], [sy]), ("zy", TYPES[x_type], [], [zy]), ("b", T.INT32, [o], flat(bias))]
            y = run("QLinearConv", inputs, attributes)[0]
            spec = {**spec, "wZeroPoint": "per-channel", "bias": "int32", "output": {"type": "codes", "dtype": x_type, "mode": "ort-f32", "multiplier": "per-channel"}}
            ours = {**ours, "wZeroPoint": zw_list, "bias": bias, "multiplier": multiplier(sx, sw, sy), "zeroPoint": [zy]}
            cases.append(case("qconv2d", f"qlinearconv-{x_type}-{w_type}-{window['name']}", spec, ours, {"y": y.transpose(0, 2, 3, 1)}))
            if w_type == x_type:
                y = run("MaxPool", [("x", TYPES[x_type], x.shape, flat(x))], dict(kernel_shape=window["kernel"], strides=window["strides"], pads=[min(p, k - 1) for p, k in zip(window["pads"], window["kernel"] * 2)], dilations=window["dilations"]))[0]
                pool = {k: spec[k] for k in ("n", "h", "w", "c", "kernel", "strides", "dilations")}
                pool["pads"] = [min(p, k - 1) for p, k in zip(window["pads"], window["kernel"] * 2)]
                cases.append(case("qmaxpool", f"{x_type}-{window['name']}", {**pool, "dtype": x_type}, {"x": x.transpose(0, 2, 3, 1)}, {"y": y.transpose(0, 2, 3, 1)}))
    # QLinearAdd is left out: ONNX Runtime contracts its sums on this machine, and the formula here rounds each step.
    for dtype in ("uint8", "int8"):
        lo, hi = RANGES[dtype]
        a = np.arange(lo, hi + 1, 5)
        b = np.arange(lo, hi + 1, 7)
        for sa, sb, sy, za, zb, zy in ((0.05, 0.1, 0.4, lo + 100, lo + 120, lo + 130), (0.5, 0.25, 16, lo, hi, lo + 3)):
            inputs = [("a", TYPES[dtype], [len(a), 1], flat(a)), ("sa", T.FLOAT, [], [sa]), ("za", TYPES[dtype], [], [za]), ("b", TYPES[dtype], [len(b)], flat(b)), ("sb", T.FLOAT, [], [sb]), ("zb", TYPES[dtype], [], [zb]), ("sy", T.FLOAT, [], [sy]), ("zy", TYPES[dtype], [], [zy])]
            y = run("QLinearMul", inputs, domain="com.microsoft")[0]
            factors = [f32(za), f32(zb), f32(zy), multiplier(sa, sb, sy)]
            cases.append(case("qmul", f"{dtype}-{sa}-{za}", {"aShape": [len(a), 1], "bShape": [len(b)], "dtype": dtype, "mode": "ort-x86"}, {"a": a, "b": b, "factors": factors}, {"y": y}))
    return cases


def disagreements():
    """Where ONNX's evaluator gives something else than ONNX Runtime: ours follows the runtime, as models run there."""
    cases = []
    def both(name, op, inputs, make, attributes=None, out=None):
        ours = run(op, inputs, attributes, out=out)
        theirs = reference(op, inputs, attributes, out=out)
        differ = [int((np.asarray(a).astype(np.float64) != np.asarray(b).astype(np.float64)).sum()) for a, b in zip(ours, theirs)]
        print(f"  {name}: evaluator differs in {differ} elements")
        if sum(differ) > 0:
            cases.append(make(ours, f"follows {origin}; onnx {onnx.__version__}'s evaluator differs in {sum(differ)} elements"))
    for name, x in (("zeros", [0, 0, 0]), ("nan", [np.nan, 1, 2])):
        x = np.array(x, f32)
        both(f"dynamic quantization of {name}", "DynamicQuantizeLinear", [("x", T.FLOAT, [3], x.tolist())], lambda y, w: case("dynamicQuantize", f"evaluator-{name}", {"shape": [3]}, {"x": x}, {"y": y[0], "scale": y[1], "zeroPoint": y[2]}, w), out=["y", "s", "z"])
    # Halves, and an odd zero point: added before rounding it moves the tie.
    ties = np.array([[1], [3], [5], [7]])
    for zero in (1, 113):
        inputs = [("a", T.UINT8, [4, 1], flat(ties)), ("sa", T.FLOAT, [], [1]), ("za", T.UINT8, [], [0]), ("b", T.UINT8, [1, 1], [1]), ("sb", T.FLOAT, [], [1]), ("zb", T.UINT8, [], [0]), ("sy", T.FLOAT, [], [2]), ("zy", T.UINT8, [], [zero])]
        spec = {"batch": 1, "transposeB": False, "m": 4, "n": 1, "k": 1, "a": "uint8", "b": "uint8", "bZeroPoint": "per-tensor", "bias": "none", "output": {"type": "codes", "dtype": "uint8", "mode": "ort-f32", "multiplier": "per-tensor"}}
        both(f"ties of a product, zero point {zero}", "QLinearMatMul", inputs, lambda y, w: case("qgemm", f"evaluator-ties-{zero}", spec, {"a": ties, "b": [1], "aZeroPoint": [0], "bZeroPoint": [0], "multiplier": [0.5], "zeroPoint": [zero]}, {"y": y[0]}, w))
        x = ties.reshape(1, 1, 2, 2)
        inputs = [("x", T.UINT8, x.shape, flat(x)), ("sx", T.FLOAT, [], [1]), ("zx", T.UINT8, [], [0]), ("w", T.UINT8, [1, 1, 1, 1], [1]), ("sw", T.FLOAT, [], [1]), ("zw", T.UINT8, [], [0]), ("sy", T.FLOAT, [], [2]), ("zy", T.UINT8, [], [zero])]
        conv = {"n": 1, "h": 2, "w": 2, "c": 1, "o": 1, "groups": 1, "kernel": [1, 1], "strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1], "x": "uint8", "weights": "uint8", "wZeroPoint": "per-tensor", "bias": "none", "output": spec["output"]}
        both(f"ties of a convolution, zero point {zero}", "QLinearConv", inputs, lambda y, where: case("qconv2d", f"evaluator-ties-{zero}", conv, {"x": x, "w": [1], "xZeroPoint": [0], "wZeroPoint": [0], "multiplier": [0.5], "zeroPoint": [zero]}, {"y": y[0]}, where))
    x = np.array([np.nan, np.inf, -np.inf, 1e38, -1e38], f32)
    for dtype in ("int8", "uint8"):
        both(f"infinities and what leaves int32, {dtype}", "QuantizeLinear", [("x", T.FLOAT, [5], x.tolist()), ("s", T.FLOAT, [], [0.1]), ("z", TYPES[dtype], [], [5])], lambda y, w: case("quantize", f"evaluator-special-{dtype}", {"shape": [5], "to": dtype}, {"x": x, "scale": [f32(0.1)], "zeroPoint": [5]}, {"y": y[0]}, w))
    return cases


NAMES = {T.FLOAT: "float32", T.UINT8: "uint8", T.INT8: "int8", T.INT32: "int32", T.INT64: "int64", T.BOOL: "bool", T.UINT16: "uint16", T.INT16: "int16"}


def operator_tests(folder):
    """ONNX's own tests of the integer operators: name by name what our spec of each is."""
    cases = []
    def tensor(path):
        proto = onnx.TensorProto()
        proto.ParseFromString(open(path, "rb").read())
        return numpy_helper.to_array(proto), NAMES.get(proto.data_type)
    for path in sorted(glob.glob(os.path.join(folder, "*", "test_*"))):
        name = os.path.basename(path)[5:]
        release = os.path.basename(os.path.dirname(path))
        m = onnx.load(os.path.join(path, "model.onnx"))
        if len(m.graph.node) != 1:
            continue
        node = m.graph.node[0]
        data = os.path.join(path, "test_data_set_0")
        ins = [tensor(p) for p in sorted(glob.glob(os.path.join(data, "input_*.pb")), key=lambda p: int(p.split("_")[-1][:-3]))]
        outs = [tensor(p) for p in sorted(glob.glob(os.path.join(data, "output_*.pb")), key=lambda p: int(p.split("_")[-1][:-3]))]
        found = translate(node, ins, outs)
        if found:
            op, spec, inputs, expected = found
            cases.append(case(op, f"onnx-{name}", spec, inputs, expected, f"ONNX operator test {name}, release {release}"))
    return cases


def attributes_of(node):
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def translate(node, ins, outs):
    at = attributes_of(node)
    values = [v for v, _ in ins]
    kinds = [k for _, k in ins]
    if None in kinds or any(k is None for _, k in outs):
        return None
    y, y_kind = outs[0]
    op = node.op_type
    if op == "QuantizeLinear" and y_kind in ("int8", "uint8", "int16", "uint16") and kinds[0] == "float32" and kinds[1] == "float32":
        spec = {"shape": list(values[0].shape), "to": y_kind}
        if values[1].size > 1:
            spec["axis"] = at.get("axis", 1)
        zero = values[2] if len(values) > 2 else np.zeros(values[1].size, np.int64)
        return "quantize", spec, {"x": values[0], "scale": values[1], "zeroPoint": zero}, {"y": y}
    if op == "DequantizeLinear" and kinds[0] in ("int8", "uint8") and kinds[1] == "float32":
        spec = {"shape": list(values[0].shape), "from": kinds[0]}
        if values[1].size > 1:
            spec["axis"] = at.get("axis", 1)
        zero = values[2] if len(values) > 2 else np.zeros(values[1].size, np.int64)
        return "dequantize", spec, {"x": values[0], "scale": values[1], "zeroPoint": zero}, {"y": y}
    if op == "DynamicQuantizeLinear":
        return "dynamicQuantize", {"shape": list(values[0].shape)}, {"x": values[0]}, {"y": y, "scale": outs[1][0], "zeroPoint": outs[2][0]}
    if op == "MatMulInteger" and values[0].ndim == 2:
        m, k = values[0].shape
        spec = {"batch": 1, "m": m, "n": values[1].shape[1], "k": k, "a": kinds[0], "b": kinds[1], "transposeB": False, "bZeroPoint": "per-tensor", "bias": "none", "output": {"type": "int32"}}
        return "qgemm", spec, {"a": values[0], "b": values[1], "aZeroPoint": values[2], "bZeroPoint": values[3]}, {"y": y}
    if op == "QLinearMatMul" and kinds[1] == "float32":
        a, sa, za, b, sb, zb, sy, zy = values
        batch = a.shape[0] if a.ndim == 3 else 1
        spec = {"batch": batch, "m": a.shape[-2], "n": b.shape[-1], "k": a.shape[-1], "a": kinds[0], "b": kinds[3], "transposeB": False, "bZeroPoint": "per-tensor", "bias": "none", "output": {"type": "codes", "dtype": y_kind, "mode": "ort-f32", "multiplier": "per-tensor"}}
        return "qgemm", spec, {"a": a, "b": b, "aZeroPoint": za, "bZeroPoint": zb, "multiplier": multiplier(sa.item(), sb, sy.item()), "zeroPoint": zy}, {"y": y}
    if op == "Transpose":
        perm = list(at.get("perm", reversed(range(values[0].ndim))))
        return "transpose", {"dtype": kinds[0], "shape": list(values[0].shape), "perm": perm}, {"x": values[0]}, {"y": y}
    if op in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual") and kinds[0] in NAMES.values():
        return "compare", {"function": op[0].lower() + op[1:], "dtype": kinds[0], "aShape": list(values[0].shape), "bShape": list(values[1].shape)}, {"a": values[0], "b": values[1]}, {"y": y}
    if op in ("And", "Or", "Xor"):
        return "logical", {"function": op.lower(), "aShape": list(values[0].shape), "bShape": list(values[1].shape)}, {"a": values[0], "b": values[1]}, {"y": y}
    if op == "Where":
        return "where", {"dtype": kinds[1], "conditionShape": list(values[0].shape), "aShape": list(values[1].shape), "bShape": list(values[2].shape), "shape": list(y.shape)}, {"condition": values[0], "a": values[1], "b": values[2]}, {"y": y}
    if op in ("Add", "Sub", "Mul", "Div", "Max", "Min") and len(values) == 2:
        return "binary", {"function": op.lower(), "aShape": list(values[0].shape), "bShape": list(values[1].shape), "dtype": kinds[0]}, {"a": values[0], "b": values[1]}, {"y": y}
    if op in ("Abs", "Ceil", "Floor", "Neg", "Sign", "Round", "Sqrt", "Reciprocal") and kinds[0] == "float32":
        return "unary", {"function": op.lower(), "shape": list(values[0].shape)}, {"x": values[0]}, {"y": y}
    if op in ("ArgMax", "ArgMin"):
        axis = at.get("axis", 0)
        shape = values[0].shape
        axis += len(shape) if axis < 0 else 0
        spec = {"largest": op == "ArgMax", "selectLast": bool(at.get("select_last_index", 0)), "dtype": kinds[0], "outer": int(np.prod(shape[:axis], dtype=int)), "extent": shape[axis], "inner": int(np.prod(shape[axis + 1:], dtype=int))}
        return "argExtreme", spec, {"x": values[0]}, {"y": y}
    return None


write("quantize", "quantize", quantize_cases())
write("products", "products", product_cases())
write("windows", "windows", conv_cases())
write("disagreements", "disagreements", disagreements())
if len(sys.argv) > 1:
    tests = [c for c in operator_tests(sys.argv[1]) if sum(len(v) for v in c["inputs"].values()) < 700]
    write("operator-tests", "operatorTests", tests)
