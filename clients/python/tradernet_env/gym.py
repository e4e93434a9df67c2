"""The same as Gymnasium environments: one (`TradingEnv`) or many that step together (`TradingVectorEnv`)."""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from .client import Environments


def _space(environments: Environments) -> gymnasium.spaces.Box:
    shape = (environments.window, environments.features)
    return gymnasium.spaces.Box(-np.inf, np.inf, shape, np.float32)


class TradingEnv(gymnasium.Env):
    """Actions: 0 SELL, 1 BUY, 2 HOLD. `info` has the mask of legal actions and the equity."""

    metadata = {"render_modes": []}

    def __init__(self, arguments: Sequence[str], command: Sequence[str] | None = None, cwd: str | None = None):
        self._environments = Environments(arguments, 1, command, cwd)
        self.observation_space = _space(self._environments)
        self.action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        state = self._environments.reset(int(self.np_random.integers(2**32)) if seed is None else seed)
        return state.obs[0].copy(), self._info(state)

    def step(self, action):
        state = self._environments.step(np.array([action], np.uint8))
        terminated, truncated = bool(state.terminated[0]), bool(state.truncated[0])
        # The server begins the next episode at once; the last state of this one is asked for apart.
        obs = self._environments.final_obs()[0] if terminated or truncated else state.obs[0].copy()
        return obs, float(state.rewards[0]), terminated, truncated, self._info(state)

    def action_masks(self) -> np.ndarray:
        """As sb3-contrib's MaskablePPO asks for them."""
        return self._mask.astype(bool)

    def close(self):
        self._environments.close()

    def _info(self, state):
        self._mask = state.masks[0].copy()
        return {"action_mask": self._mask.astype(np.int8), "equity": float(state.equity[0])}


class TradingVectorEnv(gymnasium.vector.VectorEnv):
    """`num_envs` environments in one server, with autoreset in the same step."""

    metadata = {"render_modes": [], "autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}

    def __init__(self, arguments: Sequence[str], num_envs: int, command: Sequence[str] | None = None, cwd: str | None = None):
        self._environments = Environments(arguments, num_envs, command, cwd)
        self.num_envs = num_envs
        self.single_observation_space = _space(self._environments)
        self.single_action_space = gymnasium.spaces.Discrete(3)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, num_envs)
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        super().reset(seed=seed)
        state = self._environments.reset(int(self.np_random.integers(2**32)) if seed is None else seed)
        return state.obs.copy(), {"action_mask": state.masks.copy(), "equity": state.equity.copy()}

    def step(self, actions):
        state = self._environments.step(actions)
        infos: dict[str, Any] = {"action_mask": state.masks.copy(), "equity": state.equity.copy()}
        ended = state.terminated | state.truncated
        if ended.any():
            final = self._environments.final_obs()
            infos["final_obs"] = np.array([final[i] if ended[i] else None for i in range(self.num_envs)], dtype=object)
            infos["_final_obs"] = ended.copy()
        return state.obs.copy(), state.rewards.copy(), state.terminated.copy(), state.truncated.copy(), infos

    def close_extras(self, **_):
        self._environments.close()
