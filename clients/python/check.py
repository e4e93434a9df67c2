"""Gymnasium's own checker, and Stable-Baselines3's where it is installed: python check.py ARGUMENTS..."""

import sys
import warnings

from gymnasium.utils.env_checker import check_env
from tradernet_env.gym import TradingEnv, TradingVectorEnv

warnings.simplefilter("error")
warnings.filterwarnings("ignore", message=".*(infinity|dtype|casted|render|spec|same as).*")
env = TradingEnv(sys.argv[1:])
check_env(env, skip_render_check=True)
env.close()

vector = TradingVectorEnv(sys.argv[1:], 4)
first, info = vector.reset(seed=3)
again, _ = vector.reset(seed=3)
assert (first == again).all() and first in vector.observation_space and info["action_mask"].shape == (4, 3)
vector.action_space.seed(1)
ends = 0
for _ in range(600):
    obs, rewards, terminated, truncated, infos = vector.step(vector.action_space.sample())
    assert obs.shape == first.shape and rewards.shape == (4,)
    ends += int((terminated | truncated).sum())
    if "final_obs" in infos:
        assert all((one is not None) == flag for one, flag in zip(infos["final_obs"], infos["_final_obs"], strict=True))
vector.close()
assert ends > 0

try:
    from stable_baselines3.common.env_checker import check_env as check_sb3
except ImportError:
    print("gymnasium: passed; stable-baselines3 is not installed")
else:
    env = TradingEnv(sys.argv[1:])
    check_sb3(env)
    env.close()
    print("gymnasium and stable-baselines3: passed")
