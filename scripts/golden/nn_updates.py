"""Whole PPO and DQN updates by PyTorch in float64, for test/nn/pytorch.test.ts.

Usage: python3 scripts/golden/nn_updates.py > test/fixtures/nn/updates.json   (any PyTorch from 1.13 on)

Parameters and data come from a hash of (stream, index), which the test computes too, so the fixture holds only samples
of the results: outputs of the first forward pass, gradients of the first step, parameters after five Adam steps.
"""
import json
import math

import numpy as np
import torch
from torch import nn

torch.set_default_dtype(torch.float64)
STEPS, SAMPLES, T, F = 5, 20, 12, 21


def uniform(stream: int, n: int) -> np.ndarray:
    """n numbers in [-1, 1): murmur3's finalizer of index + stream x 2654435769; the same in pytorch.test.ts."""
    x = (np.arange(n, dtype=np.uint64) + stream * 2654435769) & 0xFFFFFFFF
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & np.uint64(0xFFFFFFFF)
    x = x ^ (x >> np.uint64(16))
    return (x.astype(np.float64) / 2147483648 - 1).astype(np.float32).astype(np.float64)


class Conv(nn.Module):
    def __init__(self, features, padding):
        super().__init__()
        self.conv = nn.Conv1d(features, 32, 3, padding=padding)
        self.dense1 = nn.Linear(32 * (T if padding == "same" else T - 2), 256)
        self.dense2 = nn.Linear(256, 256)

    def forward(self, x):  # (batch, window, features)
        gelu = nn.functional.gelu
        h = gelu(self.conv(x.transpose(1, 2))).flatten(1)
        return gelu(self.dense2(gelu(self.dense1(h))))


class MLP(nn.Module):
    def __init__(self, features, _padding):
        super().__init__()
        self.dense1 = nn.Linear(T * features, 256)
        self.dense2 = nn.Linear(256, 256)

    def forward(self, x):  # (batch, window, features)
        gelu = nn.functional.gelu
        return gelu(self.dense2(gelu(self.dense1(x.flatten(1)))))


ENCODERS = {"conv": Conv, "mlp": MLP}


class Network(nn.Module):
    def __init__(self, outputs, stream, features=F, padding="same", encoder="conv"):
        super().__init__()
        self.encoder = ENCODERS[encoder](features, padding)
        self.head = nn.Linear(256, outputs)
        for i, p in enumerate(self.parameters()):
            fan_in = math.prod(p.shape[1:])
            scale = 0.05 if p.dim() == 1 else np.float32(2 / math.sqrt(fan_in))
            p.data = torch.from_numpy((uniform(stream + i, p.numel()) * scale).astype(np.float32).astype(np.float64)).reshape(p.shape)

    def forward(self, x):
        return self.head(self.encoder(x))


def samples(tensor):
    flat = tensor.detach().reshape(-1)
    return [float(f"{flat[(i * 7919) % len(flat)]:.9g}") for i in range(min(SAMPLES, len(flat)))]


def tensors(network, what):
    out = {}
    for name, p in network.named_parameters():
        value = p.grad if what == "grad" else p
        out[name] = {"norm": float(f"{value.norm():.9g}"), "samples": samples(value)}
    return out


def obs(stream, batch, features=F):
    return torch.from_numpy(uniform(stream, batch * T * features)).reshape(batch, T, features)


def masks(stream, batch):
    allowed = torch.from_numpy(uniform(stream, batch * 3)).reshape(batch, 3) < 0.4
    allowed[:, 2] = True
    return allowed


def actions(stream, batch, allowed):
    wish = torch.from_numpy(((uniform(stream, batch) + 1) * 1.5).astype(np.int64)).clamp(0, 2)
    return torch.where(allowed.gather(1, wish[:, None])[:, 0], wish, torch.full_like(wish, 2))


def ppo(batch, features, padding, encoder="conv"):
    sizes = (features, padding, encoder)
    actor, critic = Network(3, 100, *sizes), Network(1, 200, *sizes)
    x, allowed = obs(1, batch, features), masks(2, batch)
    taken = actions(3, batch, allowed)
    old = torch.from_numpy((uniform(4, batch) * np.float32(0.5)).astype(np.float32) - 1.0)
    advantages, returns = torch.from_numpy(uniform(5, batch)), torch.from_numpy(uniform(6, batch) * 8)
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=3e-4, eps=1e-5)
    case = {"kind": "ppo", "batch": batch, "features": features, "padding": padding}
    case |= {"encoder": encoder, "losses": [], "norms": []}
    for step in range(STEPS):
        logits, values = actor(x), critic(x)[:, 0]
        if step == 0:
            case["forward"] = {"actor": samples(logits), "critic": samples(values)}
        # Probabilities by hand: torch.distributions would take the clamped minimum for the masked ones' entropy.
        logp = torch.log_softmax(logits.masked_fill(~allowed, -math.inf), 1)
        entropy = -(logp.exp() * logp.masked_fill(~allowed, 0.0)).sum(1)
        ratio = (logp.gather(1, taken[:, None])[:, 0] - old).exp()
        surrogate = torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        loss = -surrogate.mean() + 0.5 * ((values - returns) ** 2).mean() - 0.01 * entropy.mean()
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            case["gradients"] = {"actor": tensors(actor, "grad"), "critic": tensors(critic, "grad")}
        case["losses"].append(float(loss))
        case["norms"].append(float(nn.utils.clip_grad_norm_(parameters, 0.5)))
        optimizer.step()
    case["parameters"] = {"actor": tensors(actor, "value"), "critic": tensors(critic, "value")}
    return case


def dqn(batch, double, loss_name):
    online, target = Network(3, 300), Network(3, 400)
    x, following, allowed = obs(7, batch), obs(8, batch), masks(9, batch)
    taken = actions(10, batch, torch.ones(batch, 3, dtype=torch.bool))
    rewards = torch.from_numpy(uniform(11, batch) * 2)
    ended = torch.from_numpy(uniform(12, batch)) > 0.8
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-4, eps=1e-5)
    case = {"kind": "dqn", "batch": batch, "double": double, "loss": loss_name}
    case |= {"encoder": "conv", "losses": [], "norms": []}
    for step in range(STEPS):
        with torch.no_grad():
            future = target(following)
            chooser = (online(following) if double else future).masked_fill(~allowed, -math.inf)
            best = future.gather(1, chooser.argmax(1, keepdim=True))[:, 0]
            goal = rewards + 0.99 * torch.where(ended, torch.zeros(()), best)
        values = online(x)
        if step == 0:
            case["forward"] = {"online": samples(values)}
        q = values.gather(1, taken[:, None])[:, 0]
        loss = getattr(nn.functional, loss_name)(q, goal)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            case["gradients"] = {"online": tensors(online, "grad")}
        case["losses"].append(float(loss))
        case["norms"].append(float(torch.sqrt(sum((p.grad**2).sum() for p in online.parameters()))))
        optimizer.step()
        with torch.no_grad():
            for t, o in zip(target.parameters(), online.parameters()):
                t.lerp_(o, 0.005)
    case["parameters"] = {"online": tensors(online, "value"), "target": tensors(target, "value")}
    return case


cases = [
    ppo(3, 21, "same"),
    ppo(64, 21, "same"),
    ppo(256, 25, "same"),
    ppo(1024, 21, "valid"),
    ppo(64, 21, "same", "mlp"),
    dqn(64, True, "smooth_l1_loss"),
    dqn(256, False, "mse_loss"),
    dqn(1024, True, "smooth_l1_loss"),
]
command = "python3 scripts/golden/nn_updates.py"
print(json.dumps({"command": command, "pytorch": torch.__version__, "cases": cases}, separators=(",", ":")))
