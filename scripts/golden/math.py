"""Reference values of src/core/math.ts from Python's decimal module at 60 digits.

Run: python3 scripts/golden/math.py > test/fixtures/math.json
Each entry is [x, value], both as shortest decimal text of the nearest double.
"""
import json
import random
from decimal import Decimal, getcontext

getcontext().prec = 80


def expm1(x):
    if abs(x) > 1:
        return x.exp() - 1
    term = total = x
    n = 1
    while term != 0 and abs(term) > abs(total) * Decimal("1e-75"):
        n += 1
        term = term * x / n
        total += term
    return total


def tanh(x):
    t = expm1(2 * x)
    return t / (t + 2)


def series(x, sign):
    """sin for an odd start, cos for an even one: the Taylor series after reduction by pi/2 at full precision."""
    term = total = x if sign == "sin" else Decimal(1)
    n = 1 if sign == "sin" else 0
    while abs(term) > Decimal("1e-78"):
        term = -term * x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


def arctan_inverse(n):
    total, power, k = Decimal(0), Decimal(1) / n, 1
    while power > Decimal("1e-90"):
        total += power / k * (1 if k % 4 == 1 else -1)
        power /= n * n
        k += 2
    return total


getcontext().prec = 100
PI = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
getcontext().prec = 80


def turn(x, quarter):
    n = (x / (PI / 2)).to_integral_value()
    y = x - n * (PI / 2)
    q = (int(n) + quarter) % 4
    value = series(y, "sin" if q % 2 == 0 else "cos")
    return -value if q > 1 else value


def erf(x):
    """2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)): all terms positive."""
    term = total = x
    n = 0
    while abs(term) > abs(total) * Decimal("1e-75"):
        n += 1
        term = term * 2 * x * x / (2 * n + 1)
        total += term
    return total * 2 / PI.sqrt() * (-x * x).exp()


def spread(rng, low, high, count):
    return [rng.uniform(low, high) for _ in range(count)]


def powers(rng, low, high, count, signs=(1, -1)):
    return [rng.choice(signs) * 10 ** rng.uniform(low, high) for _ in range(count)]


def main():
    rng = random.Random(20260101)
    tiny = [5e-324, 2.5e-320, 2.2250738585072014e-308]
    cases = {
        "exp": (lambda x: x.exp(), spread(rng, -745, 709.7, 150) + spread(rng, -2, 2, 100) + powers(rng, -20, -1, 30)),
        "log": (lambda x: x.ln(), powers(rng, -307, 308, 150, (1,)) + spread(rng, 0.5, 2, 150) + tiny),
        "expm1": (expm1, spread(rng, -45, 709, 100) + spread(rng, -2, 2, 150) + powers(rng, -300, -1, 50)),
        "tanh": (tanh, spread(rng, -3, 3, 200) + spread(rng, -22, 22, 50) + powers(rng, -300, -1, 50)),
        "erf": (erf, spread(rng, -3, 3, 250) + spread(rng, -6, 6, 50) + powers(rng, -300, -1, 50)),
        "sin": (lambda x: turn(x, 0), spread(rng, -7, 7, 200) + spread(rng, -1048576, 1048576, 100) + powers(rng, -300, -1, 30)),
        "cos": (lambda x: turn(x, 1), spread(rng, -7, 7, 200) + spread(rng, -1048576, 1048576, 100) + powers(rng, -20, -1, 30)),
    }
    print("{")
    for i, (name, (function, xs)) in enumerate(cases.items()):
        rows = ",\n".join(json.dumps([x, float(function(Decimal(x)))]) for x in xs)
        print(f'"{name}": [\n{rows}\n]{"," if i + 1 < len(cases) else ""}')
    print("}")


main()
