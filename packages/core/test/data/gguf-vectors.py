"""Writes gguf-vectors.json: blocks as gguf-py packs and reads them. Needs numpy, gguf."""
import importlib.metadata
import json
import os

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import dequantize, quantize

rng = np.random.default_rng(8)
data = {"origin": f"gguf-vectors.py; gguf {importlib.metadata.version('gguf')}, quantize and dequantize, seed 8", "packed": [], "q4k": []}
normal = rng.standard_normal(64).astype(np.float32)
grid = (np.round(rng.standard_normal(64) * 4) / 4).astype(np.float32)
mixed = np.concatenate([np.zeros(32), rng.standard_normal(32) * 1e-3]).astype(np.float32)
for name in ("Q4_0", "Q8_0"):
    for values in (normal, grid, mixed):
        packed = quantize(values, T[name])
        back = dequantize(packed, T[name])
        data["packed"].append({"type": name, "values": values.tolist(), "bytes": packed.tolist(), "reals": back.tolist()})
for d, dmin in ((0.01, 0.02), (1.5, 0.0), (6e-5, 3e-5)):
    block = rng.integers(0, 256, 144, dtype=np.uint8)
    block[:4] = np.array([d, dmin], np.float16).view(np.uint8)
    data["q4k"].append({"bytes": block.tolist(), "reals": dequantize(block, T.Q4_K).tolist()})
with open(os.path.join(os.path.dirname(__file__), "gguf-vectors.json"), "w") as file:
    json.dump(data, file)
