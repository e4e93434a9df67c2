"""Steps per second through the client: python clients/python/bench.py [--symbol NAME ...]"""

import sys
import time

import numpy as np
from tradernet_env import Environments

COUNT, ROUNDS, SECONDS = 64, 5, 2

with Environments(sys.argv[1:] or ["--symbol", "SYNTH"], COUNT) as environments:
    environments.reset(1)
    actions = np.random.default_rng(1).integers(0, 3, (997, COUNT), np.uint8)
    rates = []
    for _ in range(ROUNDS):
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            for row in actions[:100]:
                environments.step(row)
            steps += 100 * COUNT
        rates.append(steps / (time.perf_counter() - start))
    print({"environments": COUNT, "stepsPerSecond": [round(rate) for rate in rates]})
