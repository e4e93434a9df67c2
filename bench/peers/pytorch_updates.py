"""The workloads of bench/kernel-workloads.ts in eager PyTorch, as a JSON line: microseconds a call.

Each update runs with every form of Adam that this PyTorch has on the CPU (plain, foreach, fused); the fastest counts.
Debian's PyTorch multiplies matrices with the system's libblas.so.3: with the reference BLAS it is some ten times slower
than with OpenBLAS (package libopenblas0-pthread), so the result says which one ran.
Usage: python3 bench/peers/pytorch_updates.py THREADS [MILLISECONDS a workload]
"""
import json
import statistics
import sys
import time

import numpy as np
import torch
from torch import nn

THREADS = int(sys.argv[1])
SECONDS = float(sys.argv[2] if len(sys.argv) > 2 else 400) / 1000
torch.set_num_threads(THREADS)
torch.manual_seed(1)
rng = np.random.default_rng(1)
T, F = 12, 21


class Network(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv = nn.Conv1d(F, 32, 3, padding="same")
        self.dense1 = nn.Linear(32 * T, 256)
        self.dense2 = nn.Linear(256, 256)
        self.head = nn.Linear(256, outputs)
        self.gelu = nn.GELU()

    def forward(self, x):
        h = self.gelu(self.conv(x.transpose(1, 2))).flatten(1)
        return self.head(self.gelu(self.dense2(self.gelu(self.dense1(h)))))


def normals(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def measure(call, calls=1):
    end = time.perf_counter() + SECONDS / 4
    while True:
        call()
        if time.perf_counter() >= end:
            break
    samples, end = [], time.perf_counter() + SECONDS
    while len(samples) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        samples.append((time.perf_counter() - start) * 1e6 / calls)
    return statistics.median(samples)


def adams(parameters, lr):
    """Every form of Adam that works here, by name."""
    forms = {}
    for name, options in {"plain": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}.items():
        try:
            forms[name] = torch.optim.Adam(parameters, lr=lr, eps=1e-5, **options)
        except (TypeError, RuntimeError, ValueError):
            pass
    return forms


def best_adam(parameters, lr, update):
    times = {}
    for name, optimizer in adams(parameters, lr).items():
        try:
            times[name] = measure(lambda: update(optimizer))
        except RuntimeError:
            continue
    name = min(times, key=times.get)
    return times[name], name


def inference_1(q):
    window = normals(1, T, F)

    def call():
        with torch.inference_mode():
            return int(q(torch.from_numpy(window)).argmax())

    return measure(call, 10)


def inference_16(actor, critic):
    windows = normals(16, T, F)

    def call():
        with torch.inference_mode():
            x = torch.from_numpy(windows)
            return torch.softmax(actor(x), 1).numpy(), critic(x).numpy()

    return measure(call, 5)


def ppo(actor, critic, batch):
    arrays = [normals(batch, T, F), rng.integers(0, 3, batch), -1.1 + 0.3 * normals(batch), normals(batch), normals(batch)]
    parameters = [*actor.parameters(), *critic.parameters()]

    def update(optimizer):
        x, taken, old, advantages, returns = map(torch.from_numpy, arrays)
        logp = torch.log_softmax(actor(x), 1)
        values = critic(x)[:, 0]
        ratio = (logp.gather(1, taken[:, None])[:, 0] - old).exp()
        surrogate = torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        entropy = -(logp.exp() * logp).sum(1).mean()
        loss = -surrogate + 0.5 * nn.functional.mse_loss(values, returns) - 0.01 * entropy
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()
        return loss.item()

    return best_adam(parameters, 3e-4, update)


def dqn(online, target, batch):
    arrays = [normals(batch, T, F), normals(batch, T, F), rng.integers(0, 3, batch), normals(batch), (rng.random(batch) < 0.1).astype(np.float32)]
    pairs = list(zip(target.parameters(), online.parameters()))
    targets, onlines = [t.data for t, _ in pairs], [o.data for _, o in pairs]

    def update(optimizer):
        x, following, taken, rewards, ended = map(torch.from_numpy, arrays)
        with torch.no_grad():
            goal = rewards + 0.99 * (1 - ended) * target(following).max(1).values
        q = online(x).gather(1, taken[:, None])[:, 0]
        loss = nn.functional.smooth_l1_loss(q, goal)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            torch._foreach_mul_(targets, 0.995)
            torch._foreach_add_(targets, onlines, alpha=0.005)
        return loss.item()

    return best_adam(list(online.parameters()), 1e-4, update)


def blas():
    """The BLAS library that this process has loaded."""
    try:
        with open("/proc/self/maps") as maps:
            paths = {line.split()[-1] for line in maps if "blas" in line or "mkl_core" in line}
    except OSError:
        return "unknown"
    names = sorted(path.rsplit("/", 1)[-1] for path in paths)
    return "OpenBLAS" if any("openblas" in path for path in paths) else ", ".join(names) or "built in"


q, target, actor, critic = Network(3), Network(3), Network(3), Network(1)
micros = {"INF-1": inference_1(q), "INF-16": inference_16(actor, critic)}
chosen = {}
for batch in (64, 256, 1024):
    micros[f"PPO-{batch}"], chosen[f"PPO-{batch}"] = ppo(actor, critic, batch)
for batch in (64, 256):
    micros[f"DQN-{batch}"], chosen[f"DQN-{batch}"] = dqn(q, target, batch)
print(json.dumps({"name": "pytorch", "isa": torch.__version__, "threads": THREADS, "micros": micros, "adam": chosen, "blas": blas()}))
