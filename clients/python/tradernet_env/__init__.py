"""TraderNet's trading environments from Python. `tradernet_env.gym` has them for Gymnasium."""

from .client import BUY, HOLD, SELL, Environments, State

__all__ = ["BUY", "HOLD", "SELL", "Environments", "State"]
