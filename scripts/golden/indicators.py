"""Reference values of indicators, by pandas' own rolling and exponential windows: /usr/bin/python3 scripts/golden/indicators.py

Reads test/fixtures/ta/*_input.csv and writes *_pandas.csv beside them. Shares nothing with src/features.
"""

import pathlib

import numpy as np
import pandas as pd

FOLDER = pathlib.Path(__file__).parents[2] / "test/fixtures/ta"


def columns(frame: pd.DataFrame) -> pd.DataFrame:
    high, low, close, volume = (frame[name] for name in ("high", "low", "close", "volume"))
    out = pd.DataFrame(index=frame.index)
    out["close_sma_20"] = (close - close.rolling(20).mean()) / close
    out["close_ema_20"] = (close - close.ewm(span=20, adjust=False, min_periods=20).mean()) / close
    typical = (high + low + close) / 3
    flow = typical * volume
    up = flow.where(typical.diff() > 0, 0.0)[1:].rolling(14).sum()
    down = flow.where(typical.diff() < 0, 0.0)[1:].rolling(14).sum()
    out["mfi_14"] = (100 * up / (up + down)).reindex(frame.index)
    moves = close.diff().fillna(0.0)
    rises = moves.clip(lower=0).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
    falls = (-moves).clip(lower=0).ewm(alpha=1 / 14, adjust=False, min_periods=14).mean()
    rsi = (100 * rises / (rises + falls)).where(falls != 0, 100.0).where(rises.notna())
    lowest, highest = rsi.rolling(14).min(), rsi.rolling(14).max()
    out["stoch_rsi_14"] = 100 * (rsi - lowest) / (highest - lowest)
    top, bottom = high.rolling(14).max(), low.rolling(14).min()
    out["williams_r_14"] = -100 * (top - close) / (top - bottom)
    before = close.shift()
    true_range = pd.concat([high - low, (high - before).abs(), (low - before).abs()], axis=1).max(axis=1)
    middle = close.ewm(span=20, adjust=False, min_periods=20).mean()
    width = 2 * true_range.ewm(alpha=1 / 10, adjust=False).mean()
    out["keltner_up_20"] = (middle + width - close) / close
    out["keltner_down_20"] = (close - middle + width) / close
    out["donchian_up_20"] = (high.rolling(20).max() - close) / close
    out["donchian_down_20"] = (close - low.rolling(20).min()) / close
    returns = np.log(close).diff()
    out["realised_volatility_24"] = np.sqrt((returns**2).rolling(24).mean())
    out["parkinson_24"] = np.sqrt((np.log(high / low) ** 2).rolling(24).mean() / (4 * np.log(2)))
    return out


for path in sorted(FOLDER.glob("*_input.csv")):
    columns(pd.read_csv(path, float_precision="round_trip")).to_csv(str(path).replace("_input", "_pandas"), index=False, float_format="%.17g")
