"""Writes elementary-vectors.json: correctly rounded values of elementary functions. Needs mpmath."""
import json
import os
import random

import mpmath
from mpmath import mp, mpf

mp.prec = 300
random.seed(20)
U, choice, COUNT = random.uniform, random.choice, 220


def near(x, width):
    return x + U(-1, 1) * 10 ** U(-15, width)


FUNCTIONS = {
    "exp": (mp.exp, lambda: choice([U(-745, 709.78), U(-2, 2), near(0, 0), U(-745, -708)])),
    "log": (mp.log, lambda: choice([10 ** U(-300, 300), U(0.5, 2), abs(near(1, -1)), 10 ** U(-323, -308)])),
    "log2": (lambda x: mp.log(x) / mp.log(2), lambda: choice([10 ** U(-300, 300), U(0.5, 2), abs(near(1, -1)), 10 ** U(-323, -308)])),
    "tanh": (mp.tanh, lambda: choice([U(-25, 25), U(-1.2, 1.2), near(0, 0), near(0, -8)])),
    "erf": (mp.erf, lambda: choice([U(-6.2, 6.2), U(-1, 1), near(0, 0), near(0.5, -2), near(U(0, 6) // 0.25 * 0.25 + 0.125, -6)])),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), lambda: choice([U(-45, 45), U(-745, 40), U(-8, 8), near(0, 0)])),
}
data = {"origin": f"elementary-vectors.py; mpmath {mpmath.__version__}, 300 bits, seed 20; pairs of x and f(x), both f64"}
for name, (function, sample) in FUNCTIONS.items():
    xs = [sample() for _ in range(COUNT)]
    data[name] = [[x, float(function(mpf(x)))] for x in xs]
with open(os.path.join(os.path.dirname(__file__), "elementary-vectors.json"), "w") as file:
    json.dump(data, file)
