"""Golden advantages: the discounted sums are scipy's linear filter (as in OpenAI's Spinning Up), not this project's loop.

Made with: python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1
           v/bin/python -P scripts/golden/gae.py > test/fixtures/agents/gae.json
"""

import json

import numpy as np
from scipy.signal import lfilter

rng = np.random.default_rng(3)
steps, envs, gamma, lam = 40, 3, 0.97, 0.9
f32 = lambda shape: rng.normal(size=shape).astype(np.float32).astype(float)
rewards, values, final_values, last_values = f32((steps, envs)), f32((steps, envs)), f32((steps, envs)), f32(envs)
terminated = rng.random((steps, envs)) < 0.08
truncated = (rng.random((steps, envs)) < 0.08) & ~terminated

advantages = np.zeros((steps, envs))
for env in range(envs):
    ends = [t for t in range(steps) if terminated[t, env] or truncated[t, env]]
    for start, stop in zip([0] + [t + 1 for t in ends], [t + 1 for t in ends] + [steps]):
        if start == stop:
            continue
        last = stop - 1
        if terminated[last, env]:
            follows = 0.0
        elif truncated[last, env]:
            follows = final_values[last, env]
        else:
            follows = last_values[env]
        v = np.append(values[start:stop, env], follows)
        deltas = rewards[start:stop, env] + gamma * v[1:] - v[:-1]
        advantages[start:stop, env] = lfilter([1], [1, -gamma * lam], deltas[::-1])[::-1]

flat = lambda a: [round(float(x), 9) for x in np.ravel(a)]
print(
    json.dumps(
        {
            "steps": steps,
            "envs": envs,
            "gamma": gamma,
            "lambda": lam,
            "rewards": flat(rewards),
            "values": flat(values),
            "finalValues": flat(final_values),
            "lastValues": flat(last_values),
            "terminated": [int(x) for x in terminated.ravel()],
            "truncated": [int(x) for x in truncated.ravel()],
            "advantages": flat(advantages),
        }
    )
)
