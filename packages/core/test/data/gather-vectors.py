"""Writes gather-vectors.json: rows that ONNX Runtime's GatherBlockQuantized reads from bytes. Needs numpy, onnx, onnxruntime."""
import json
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

rng = np.random.default_rng(9)
data = {"origin": f"gather-vectors.py; onnxruntime {onnxruntime.__version__}, com.microsoft GatherBlockQuantized, seed 9", "tables": []}


def rows_of(data_init, scales, zeros, rows, block, bits):
    inits = [data_init, scales] + ([zeros] if zeros is not None else [])
    node = helper.make_node(
        "GatherBlockQuantized", ["data", "i", "scale"] + (["zero"] if zeros is not None else []), ["y"],
        domain="com.microsoft", gather_axis=0, quantize_axis=1, block_size=block, bits=bits,
    )
    graph = helper.make_graph([node], "g", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              inits + [helper.make_tensor("i", TensorProto.INT64, [rows], list(range(rows)))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {})[0]


for bits in (4, 8):
    for rows, width, block, with_zero in ((3, 32, 16, True), (2, 48, 16, True), (3, 64, 32, False)):
        per = 8 // bits
        blocks = -(-width // block)
        raw = rng.integers(0, 256, (rows, width // per), dtype=np.uint8)
        scale = rng.uniform(0.01, 0.1, (rows, blocks)).astype(np.float32)
        zero = rng.integers(0, 256, (rows, -(-blocks // per)), dtype=np.uint8)
        y = rows_of(
            helper.make_tensor("data", TensorProto.UINT8, raw.shape, raw.tobytes(), raw=True),
            helper.make_tensor("scale", TensorProto.FLOAT, scale.shape, scale.tobytes(), raw=True),
            helper.make_tensor("zero", TensorProto.UINT8, zero.shape, zero.tobytes(), raw=True) if with_zero else None,
            rows, block, bits,
        )
        data["tables"].append({"bits": bits, "rows": rows, "width": width, "block": block, "packed": raw.flatten().tolist(),
                               "scale": scale.flatten().tolist(), "zeroPoint": zero.flatten().tolist() if with_zero else None,
                               "reals": y.flatten().tolist()})
with open(os.path.join(os.path.dirname(__file__), "gather-vectors.json"), "w") as file:
    json.dump(data, file)
