"""Writes packing-vectors.json: weights as ONNX Runtime's own quantizers pack them. Needs numpy, onnxruntime."""
import json
import os

import numpy as np
import onnxruntime
from onnxruntime.capi import _pybind_state as ort

rng = np.random.default_rng(5)
data = {"origin": f"packing-vectors.py; onnxruntime {onnxruntime.__version__}, quantize_matmul_*bits and quantize_matmul_bnb4, seed 5", "nbits": [], "bnb4": []}


def weights(k, n, kind):
    w = rng.standard_normal((k, n)).astype(np.float32)
    if kind == "grid":  # ties, and blocks whose extremes are as large as each other
        w = np.round(w * 4).astype(np.float32) / np.float32(4)
    if kind == "signs":
        w = np.abs(w) * np.where(np.arange(n) % 2 == 0, 1, -1).astype(np.float32)
    if kind == "zero":
        w[: k // 2] = 0
    return w.astype(np.float32)


for bits, fn in ((2, ort.quantize_matmul_2bits), (4, ort.quantize_matmul_4bits), (8, ort.quantize_matmul_8bits)):
    for symmetric in (True, False):
        for k, n, block, kind in ((35, 3, 16, "normal"), (64, 2, 32, "grid"), (20, 4, 16, "signs"), (40, 2, 16, "zero")):
            w = weights(k, n, kind)
            blocks = (k + block - 1) // block
            packed = np.zeros((n, blocks, block * bits // 8), np.uint8)
            scale = np.zeros(n * blocks, np.float32)
            zero = np.zeros(n * ((blocks * bits + 7) // 8), np.uint8)
            fn(packed, w, scale, zero, block, n, k, symmetric)
            data["nbits"].append(
                {"k": k, "n": n, "bits": bits, "block": block, "symmetric": symmetric, "weights": w.flatten().tolist(),
                 "packed": packed.flatten().tolist(), "scale": scale.tolist(), "zeroPoint": zero.tolist()}
            )
for name, kind in (("fp4", 0), ("nf4", 1)):
    for k, n, block in ((24, 3, 16), (16, 5, 64)):
        w = weights(k, n, "normal")
        packed = np.zeros((n * k + 1) // 2, np.uint8)
        absmax = np.zeros((n * k + block - 1) // block, np.float32)
        ort.quantize_matmul_bnb4(packed, np.ascontiguousarray(w.T), absmax, block, kind, n, k)
        data["bnb4"].append({"k": k, "n": n, "block": block, "type": name, "weights": w.flatten().tolist(), "packed": packed.tolist(), "absmax": absmax.tolist()})
with open(os.path.join(os.path.dirname(__file__), "packing-vectors.json"), "w") as file:
    json.dump(data, file)
