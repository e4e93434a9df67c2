"""The environments of a running `tradernet env serve`, as NumPy arrays. Needs NumPy and nothing else."""

import json
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SELL, BUY, HOLD = 0, 1, 2
_TYPES = {"Float64Array": "<f8", "Float32Array": "<f4", "Int32Array": "<i4", "Uint8Array": "u1"}


class State(NamedTuple):
    """Arrays of the client's own, overwritten by the next call. (count, ...) each."""

    obs: np.ndarray
    """(count, window, features) float32; where an episode ended, the first of the next one."""
    masks: np.ndarray
    """(count, 3) 1 where the account allows the action; HOLD always is."""
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    equity: np.ndarray


class ServerError(RuntimeError):
    """The server could not be started, or ended."""


class Environments:
    """Starts the server as a child process and talks to it over its pipes.

    `arguments` are those of `tradernet env serve`, such as `["--symbol", "SYNTH"]`; `command` is how tradernet is
    called here (default: the environment variable TRADERNET, or `tradernet`).
    """

    def __init__(self, arguments: Sequence[str], count: int = 1, command: Sequence[str] | None = None, cwd: str | None = None):
        command = list(command or shlex.split(os.environ.get("TRADERNET", "tradernet")))
        call = [*command, "env", "serve", "--count", str(count), *arguments]
        try:
            self._process = subprocess.Popen(
                call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, bufsize=0
            )
        except OSError as error:
            raise ServerError(f"{call[0]} can't be started ({error}); say how with command= or TRADERNET") from None
        self._out = self._process.stdout
        length = int(np.frombuffer(self._read(4), "<u4")[0])
        self.about: dict = json.loads(self._read(length))
        about = self.about
        self.count, self.window, self.features = about["count"], about["window"], about["features"]
        self.columns: list[str] = about["columns"]
        self._market = self.features - about["extraWidth"]
        table = np.frombuffer(self._read(4 * about["rows"] * self.features), "<f4")
        # (rows, market columns, window) of views: a window is the place of its last row.
        rows = np.ascontiguousarray(table.reshape(-1, self.features)[:, : self._market])
        self._windows = np.lib.stride_tricks.sliding_window_view(rows, self.window, axis=0)
        self._bytes = bytearray(about["stateBytes"])
        self._view = memoryview(self._bytes)
        self._parts = {}
        for part in about["layout"]:
            shape = (self.count,) if part["width"] == 1 else (self.count, part["width"])
            size = int(np.prod(shape))
            flat = np.frombuffer(self._bytes, _TYPES[part["type"]], count=size, offset=part["at"])
            self._parts[part["name"]] = flat.reshape(shape)
        self._obs = np.zeros((self.count, self.window, self.features), np.float32)

    def reset(self, seed: int = 0) -> State:
        return self._ask(b"R" + int(seed % 2**32).to_bytes(4, "little"))

    def step(self, actions: np.ndarray) -> State:
        """One action (0 SELL, 1 BUY, 2 HOLD) for each environment; one that the account forbids is HOLD."""
        chosen = np.asarray(actions, np.uint8)
        if chosen.shape != (self.count,):
            raise ValueError(f"{self.count} actions are needed, these have the shape {chosen.shape}")
        return self._ask(b"S" + chosen.tobytes())

    def final_obs(self) -> np.ndarray:
        """(count, window, features) of the last states; rows of environments whose episode just ended are meant."""
        obs = np.zeros_like(self._obs)
        self._cut(self._parts["final_bars"], self._parts["final_extras"], obs)
        return obs

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, request: bytes) -> State:
        try:
            self._process.stdin.write(request)
        except (BrokenPipeError, ValueError):
            raise ServerError(self._why()) from None
        got = 0
        while got < len(self._view):
            read = self._out.readinto(self._view[got:])
            if not read:
                raise ServerError(self._why())
            got += read
        parts = self._parts
        self._cut(parts["bars"], parts["extras"], self._obs)
        return State(
            self._obs,
            parts["masks"],
            parts["rewards"],
            parts["terminated"].view(bool),
            parts["truncated"].view(bool),
            parts["equity"],
        )

    def _cut(self, bars: np.ndarray, extras: np.ndarray, out: np.ndarray) -> None:
        starts = np.maximum(bars - (self.window - 1), 0)
        out[:, :, : self._market] = self._windows[starts].transpose(0, 2, 1)
        if self.features > self._market:
            scaled = (extras.reshape(self.count, -1).astype(np.float64) * self.about["extraScale"]).astype(np.float32)
            out[:, :, self._market :] = scaled[:, None, :]

    def _read(self, length: int) -> bytes:
        parts = []
        while length > 0:
            part = self._out.read(length)
            if not part:
                raise ServerError(self._why())
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def _why(self) -> str:
        self._process.wait(timeout=10)
        said = self._process.stderr.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else f"tradernet ended with {self._process.returncode}"
