"""Writes function-vectors.json: functions of one real at float32 values, correctly rounded to float32. Needs mpmath, numpy."""
import json
import os
import random

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.prec = 300
random.seed(30)
U, choice, COUNT = random.uniform, random.choice, 60
f32 = lambda v: float(np.float32(v))


def expm1(x):
    return mp.expm1(x)


def softplus(x):
    return mp.log1p(mp.exp(x))


FUNCTIONS = {
    "elu": (lambda x, a, b: x if x >= 0 else a * expm1(x), 1.5, 0),
    "erf": (lambda x, a, b: mp.erf(x), 0, 0),
    "exp": (lambda x, a, b: mp.exp(x), 0, 0),
    "hardSigmoid": (lambda x, a, b: max(mpf(0), min(mpf(1), a * x + b)), 0.25, 0.5),
    "hardSwish": (lambda x, a, b: x * max(mpf(0), min(mpf(1), x / 6 + mpf(1) / 2)), 0, 0),
    "leakyRelu": (lambda x, a, b: x if x >= 0 else a * x, 0.125, 0),
    "mish": (lambda x, a, b: x * mp.tanh(softplus(x)), 0, 0),
    "quickGelu": (lambda x, a, b: x / (1 + mp.exp(-a * x)), 1.75, 0),
    "selu": (lambda x, a, b: b * (x if x > 0 else a * expm1(x)), 1.625, 1.0625),
    "sigmoid": (lambda x, a, b: 1 / (1 + mp.exp(-x)), 0, 0),
    "softplus": (lambda x, a, b: softplus(x), 0, 0),
    "softsign": (lambda x, a, b: x / (1 + abs(x)), 0, 0),
    "tanh": (lambda x, a, b: mp.tanh(x), 0, 0),
    # Where 1 + erf cancels, the formula loses digits in any fixed precision: sampled where it does not.
    "gelu": (lambda x, a, b: x * (1 + mp.erf(x / mp.sqrt(2))) / 2, 0, 0),
    "geluTanh": (lambda x, a, b: x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))) / 2, 0, 0),
}
data = {"origin": f"function-vectors.py; mpmath {mpmath.__version__}, 300 bits, seed 30; rows of x and f(x), both f32"}
data["unary"] = {}
for name, (function, alpha, beta) in FUNCTIONS.items():
    rows = []
    for _ in range(COUNT):
        low = -4 if name.startswith("gelu") else -30
        x = f32(choice([U(low, 30), U(-2, 2), U(-1, 1) * 10 ** U(-8, 0)]))
        rows.append([x, f32(function(mpf(x), mpf(alpha), mpf(beta)))])
    data["unary"][name] = {"alpha": alpha, "beta": beta, "rows": rows}
data["pow"] = []
for _ in range(400):
    x = f32(choice([10 ** U(-3, 3), U(0.5, 2), 10 ** U(-30, 30)]))
    y = f32(choice([U(-8, 8), float(random.randint(-12, 12)), U(-1, 1), 0.5]))
    value = mpf(x) ** mpf(y)
    if 1e-37 < value < 1e38:
        data["pow"].append([x, y, f32(value)])
with open(os.path.join(os.path.dirname(__file__), "function-vectors.json"), "w") as file:
    json.dump(data, file)
