# SPDX-License-Identifier: Apache-2.0
"""Least squares of one value on several, with intervals and inflation.

For claims of the form "P99 rises by 0.87 ms per ms of pause" (article S4,
section 3.3): ordinary least squares with an intercept, by numpy.
"""
from dataclasses import dataclass

import numpy as np
from scipy import special

LEVEL = 0.95
CONSTANT = 1e-12  # spread of a column, relative to its size: it did not vary


@dataclass(frozen=True)
class Coefficient:
    """What y changes by when this changes by 1, the others held."""
    value: float
    error: float  # standard error
    low: float
    high: float
    p: float  # two-sided, of "it is 0"
    vif: float | None  # variance inflation; None: of the intercept


@dataclass(frozen=True)
class Fit:
    """coefficients: name -> Coefficient, "intercept" among them; left_out:
    name -> why it has none."""
    coefficients: dict
    left_out: dict
    n: int
    degrees: int  # of freedom that are left
    residual: float  # standard deviation of what is not explained
    r_squared: float | None  # None: y did not vary


def vary(column):
    """Whether there is something to explain with."""
    return np.ptp(column) > CONSTANT * max(1e-300, np.abs(column).max())


def independent(names, columns):
    """Names in order, but for those that the ones before them give."""
    kept, why = [], {}
    for name in names:
        column = columns[name]
        if not vary(column):
            why[name] = "it did not vary"
            continue
        z = np.column_stack([columns[k] - columns[k].mean()
                             for k in (*kept, name)])
        if np.linalg.matrix_rank(z / np.linalg.norm(z, axis=0)) < z.shape[1]:
            why[name] = "the others say the same"
            continue
        kept.append(name)
    return kept, why


def t_quantile(degrees):
    return special.stdtrit(degrees, 0.5 + LEVEL / 2)


def coefficient(value, error, degrees, vif=None):
    reach = t_quantile(degrees) * error
    p = (2 * special.stdtr(degrees, -abs(value / error)) if error
         else float(value == 0))
    return Coefficient(float(value), float(error), float(value - reach),
                       float(value + reach), float(p), vif)


def least_squares(y, columns):
    """Fit of y on columns (name -> values as long as y), or None where no
    degree of freedom is left.

    Columns are centred and scaled before they are decomposed, so that ones
    that nearly say the same cost few digits; then the diagonal of the inverse
    of their products is the variance inflation.
    """
    y = np.asarray(y, float)
    columns = {name: np.asarray(c, float) for name, c in columns.items()}
    if len(y) < 3:
        return None
    kept, left_out = independent(list(columns), columns)
    n, degrees = len(y), len(y) - len(kept) - 1
    if degrees < 1:
        return None
    x = np.array([columns[k] for k in kept]).reshape(len(kept), n).T
    means = x.mean(axis=0)
    scale = np.linalg.norm(x - means, axis=0)
    q, r = np.linalg.qr((x - means) / scale)
    turned = q.T @ (y - y.mean())
    scaled = np.linalg.solve(r, turned)
    inverse = np.linalg.inv(r)
    products = inverse @ inverse.T
    left = y - y.mean() - q @ turned
    left -= left.mean()
    variance = left @ left / degrees
    slopes = scaled / scale
    errors = np.sqrt(variance * np.diag(products)) / scale
    shift = means / scale
    found = {"intercept": coefficient(
        y.mean() - slopes @ means,
        np.sqrt(variance * (1 / n + shift @ products @ shift)), degrees)}
    for i, name in enumerate(kept):
        found[name] = coefficient(slopes[i], errors[i], degrees,
                                  float(products[i, i]))
    total = (y - y.mean()) @ (y - y.mean())
    return Fit(found, left_out, n, degrees, float(np.sqrt(variance)),
               float(1 - left @ left / total) if total else None)
