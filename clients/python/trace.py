"""What a client sees, as hashes: python trace.py COUNT STEPS SEED ARGUMENTS... ; for the project's own tests."""

import hashlib
import json
import sys

import numpy as np
from tradernet_env import Environments

count, steps, seed = (int(word) for word in sys.argv[1:4])
with Environments(sys.argv[4:], count) as environments:
    hashes = {name: hashlib.sha256() for name in ("obs", "masks", "rewards", "terminated", "truncated", "equity", "final")}
    state = environments.reset(seed)
    ends = 0
    for step in range(steps):
        state = environments.step(np.array([(7 * i + step * step // 3) % 3 for i in range(count)], np.uint8))
        for name, values in state._asdict().items():
            hashes[name].update(np.ascontiguousarray(values).tobytes())
        ended = state.terminated | state.truncated
        ends += int(ended.sum())
        if ended.any():
            hashes["final"].update(environments.final_obs()[ended].tobytes())
    print(json.dumps({"ends": ends, "columns": environments.columns, **{k: v.hexdigest() for k, v in hashes.items()}}))
