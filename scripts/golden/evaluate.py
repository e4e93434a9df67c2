"""Golden numbers for metrics and statistics, computed by numpy, scipy, arch and scikit-learn, not by this project.

Made with: python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 arch==8.0.0 scikit-learn
           v/bin/python scripts/golden/evaluate.py > test/fixtures/evaluate/golden.json
"""

import itertools
import json

import numpy as np
from arch.bootstrap import optimal_block_length
from scipy import stats
from sklearn.linear_model import LogisticRegression

YEAR_MS = 365.25 * 86_400_000


PASSAGES = [(0.7, 1e-4, 0.009, 8766), (0.7, -1e-4, 0.009, 8766), (0.1, 0.01, 0.02, 100), (0.7, -0.02, 0.001, 20), (0.7, -0.02, 0.001, 60), (2.0, 0.0, 0.001, 1000)]


def first_passage(depth, drift, deviation, steps):
    """P(min of a Brownian motion over [0, steps] <= -depth), the reflected part in logarithms."""
    reach = deviation * np.sqrt(steps)
    late = (depth - drift * steps) / reach
    reflected = np.exp(-2 * drift * depth / deviation**2 + stats.norm.logcdf(-late))
    return float(stats.norm.cdf((-depth - drift * steps) / reach) + reflected)


def beside_market(equity, close, year):
    returns, market = equity[1:] / equity[:-1] - 1, close[1:] / close[:-1] - 1
    beta = np.cov(returns, market)[0, 1] / np.var(market, ddof=1)
    # The longest stretch from a peak to its recovery, by looking from every bar.
    longest = 0
    for i in range(len(equity) - 1):
        ahead = np.nonzero(equity[i + 1 :] >= equity[i])[0]
        if len(ahead) == 0 or ahead[0] > 0:
            longest = max(longest, 1 + int(ahead[0]) if len(ahead) else len(equity) - 1 - i)
    return {
        "alpha": (returns.mean() - beta * market.mean()) * year,
        "beta": beta,
        "drawdownBars": longest,
        "underWater": float(np.mean(equity < np.maximum.accumulate(equity))),
        "tailRatio": abs(np.percentile(returns, 95)) / abs(np.percentile(returns, 5)),
        "ruin": first_passage(np.log(2), np.log1p(returns).mean(), np.log1p(returns).std(ddof=1), year),
    }


def metrics():
    rng = np.random.default_rng(7)
    bars, hour = 400, 3_600_000
    equity = np.round(10_000 * np.exp(np.cumsum(0.008 * rng.standard_t(4, bars)) - 0.008), 4)
    equity[0] = 10_000
    returns = equity[1:] / equity[:-1] - 1
    year = YEAR_MS / hour
    peak = np.maximum.accumulate(equity)
    trough = int(np.argmax(1 - equity / peak))
    top = int(np.argmax(equity[: trough + 1]))
    later = np.nonzero(equity[trough:] >= equity[top])[0]
    worst = np.sort(returns)
    size = 0.05 * len(returns)
    whole = int(size)
    cvar = (worst[:whole].sum() + (size - whole) * worst[whole]) / size
    depth = 1 - equity[trough] / equity[top]
    annual = (equity[-1] / equity[0]) ** (year / len(returns)) - 1
    # A generator of its own: what was drawn before stays what it was.
    other = np.random.default_rng(17)
    close = np.round(100 * np.exp(np.cumsum(np.r_[0, 0.6 * np.log1p(returns) + 0.004 * other.standard_normal(bars - 1)])), 4)
    return {
        "equity": equity.tolist(),
        "timeframeMs": hour,
        "cumulativeReturn": equity[-1] / equity[0] - 1,
        "logReturn": float(np.log(equity[-1] / equity[0])),
        "sharpe": returns.mean() / returns.std(ddof=1) * year**0.5,
        "sortino": returns.mean() / np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) * year**0.5,
        "volatility": returns.std(ddof=1) * year**0.5,
        "maxDrawdown": depth,
        "drawdownRows": [top, trough, int(trough + later[0]) if len(later) else None],
        "calmar": annual / depth,
        "cvar5": cvar,
        "close": close.tolist(),
        **beside_market(equity, close, year),
        # The same bars the other way up: a curve that recovers.
        "mirrored": beside_market(1e8 / equity, close, year),
        "passages": [{"args": args, "probability": first_passage(*args)} for args in PASSAGES],
        "skewness": stats.skew(returns),
        "kurtosis": stats.kurtosis(returns, fisher=False),
    }


def quantiles():
    p = [1e-300, 1e-12, 1e-5, 0.001, 0.02425, 0.1, 0.3, 0.5, 0.75, 0.95, 0.999, 1 - 1e-9]
    x = [-9.0, -5.0, -2.0, -0.5, 0.0, 0.3, 1.0, 1.96, 4.0, 8.0]
    return {"p": p, "z": stats.norm.ppf(p).tolist(), "x": x, "cdf": stats.norm.cdf(x).tolist()}


def sharpe():
    cases = []
    for sr, bars, skew, kurt, count, var in [(0.1, 500, 0, 3, 1, 0), (0.05, 6500, -0.5, 8, 20, 4e-4), (0.02, 2000, 0.3, 5, 4, 1e-4)]:
        g = np.euler_gamma
        sr0 = 0.0
        if count > 1:
            z = stats.norm.ppf
            sr0 = np.sqrt(var) * ((1 - g) * z(1 - 1 / count) + g * z(1 - 1 / (count * np.e)))
        spread = 1 - skew * sr + (kurt - 1) / 4 * sr**2
        cases.append({
            "sharpe": sr, "bars": bars, "skewness": skew, "kurtosis": kurt, "trials": count, "variance": var,
            "sr0": sr0, "dsr": stats.norm.cdf((sr - sr0) * np.sqrt(bars - 1) / np.sqrt(spread)),
            "minimumTrackRecord": 1 + spread * (stats.norm.ppf(0.95) / sr) ** 2,
        })
    return cases


def blocks():
    rng = np.random.default_rng(3)
    cases = []
    for phi, n in [(0.0, 500), (0.5, 800), (0.9, 1000), (-0.4, 600)]:
        x = np.zeros(n)
        noise = rng.standard_normal(n)
        for i in range(n):
            x[i] = (phi * x[i - 1] if i else 0) + noise[i]
        x = np.round(x, 3)
        cases.append({"values": x.tolist(), "stationary": float(optimal_block_length(x)["stationary"].iloc[0])})
    return cases


def cscv():
    rng = np.random.default_rng(11)
    cases = []
    for edge in [0.0, 0.3]:
        returns = rng.standard_normal((160, 6))
        returns[:, 2] += edge
        returns = np.round(returns, 3)
        parts = np.array_split(returns, 8)
        logits = []
        for chosen in itertools.combinations(range(8), 4):
            inside = np.concatenate([parts[i] for i in chosen])
            outside = np.concatenate([parts[i] for i in range(8) if i not in chosen])
            best = int(np.argmax(inside.mean(0) / inside.std(0, ddof=1)))
            rank = stats.rankdata(outside.mean(0) / outside.std(0, ddof=1))[best]
            w = rank / 7
            logits.append(float(np.log(w / (1 - w))))
        cases.append({
            "returns": returns.T.tolist(), "blocks": 8,
            "probability": float(np.mean(np.array(logits) <= 0)), "logits": logits,
        })
    return cases


def trimmed():
    rng = np.random.default_rng(5)
    out = []
    for n in [1, 3, 4, 7, 10, 23]:
        x = np.round(rng.standard_normal(n), 4)
        out.append({"values": x.tolist(), "mean": float(stats.trim_mean(x, 0.25))})
    return out


def logistic():
    rng = np.random.default_rng(9)
    x = np.round(rng.standard_normal((300, 3)), 3)
    y = (rng.random(300) < 1 / (1 + np.exp(-(0.4 + x @ [1.0, -0.7, 0.0])))).astype(int)
    ridge = 2.0  # minimises sum of log losses + ridge / 2 |w|^2, the intercept free
    model = LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=1000).fit(x, y)
    return {"x": x.tolist(), "y": y.tolist(), "ridge": ridge, "weights": model.coef_[0].tolist(), "intercept": model.intercept_[0]}


print(json.dumps({
    "metrics": metrics(), "normal": quantiles(), "sharpe": sharpe(), "blocks": blocks(), "cscv": cscv(),
    "interquartile": trimmed(), "logistic": logistic(),
}))
