# SPDX-License-Identifier: Apache-2.0
"""Least squares of one value on several, with intervals and variance inflation.

Used for claims of the form "P99 rises by 0.87 ms per ms of pause" (article S4, section 3.3). The
method is ordinary least squares with an intercept, by numpy.
"""
from dataclasses import dataclass
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import special

from report.stats.arrays import Floats

LEVEL = 0.95
CONSTANT = 1e-12  # a column is constant if its spread, relative to its size, is at most this


@dataclass(frozen=True)
class Coefficient:
    """Change of y if this term grows by 1 and the other terms stay the same."""
    value: float
    error: float  # standard error
    low: float
    high: float
    p: float  # two-sided p; the null hypothesis is a coefficient of 0
    vif: float | None  # variance inflation; None for the intercept


@dataclass(frozen=True)
class Fit:
    """`coefficients` maps names, including "intercept", to Coefficients. `left_out` maps the names
    of other columns to the reason for which they were left out."""
    coefficients: dict[str, Coefficient]
    left_out: dict[str, str]
    n: int
    degrees: int  # remaining degrees of freedom
    residual: float  # standard deviation of the residuals
    r_squared: float | None  # None if y did not vary


def varies(column: Floats) -> bool:
    return bool(np.ptp(column)
                > CONSTANT * max(1e-300, np.abs(column).max()))


def independent(columns: Mapping[str, Floats]
                ) -> tuple[list[str], dict[str, str]]:
    """Returns the columns that do not depend linearly on earlier ones, and the reason for the
    others."""
    kept: list[str] = []
    why: dict[str, str] = {}
    for name, column in columns.items():
        if not varies(column):
            why[name] = "it did not vary"
            continue
        z = np.column_stack([columns[k] - columns[k].mean()
                             for k in (*kept, name)])
        if np.linalg.matrix_rank(z / np.linalg.norm(z, axis=0)) < z.shape[1]:
            why[name] = "it depends linearly on the others"
            continue
        kept.append(name)
    return kept, why


def coefficient(value: float, error: float, degrees: int,
                vif: float | None = None) -> Coefficient:
    """Builds a coefficient with Student's interval from its estimate and standard error."""
    reach = special.stdtrit(degrees, 0.5 + LEVEL / 2) * error
    p = (2 * special.stdtr(degrees, -abs(value / error)) if error
         else float(value == 0))
    return Coefficient(float(value), float(error), float(value - reach),
                       float(value + reach), float(p), vif)


def least_squares(y: npt.ArrayLike, columns: Mapping[str, npt.ArrayLike]
                  ) -> Fit | None:
    """Fits y on columns (name -> as many values as y has). Returns None if no degree of freedom is
    left."""
    y = np.asarray(y, float)
    arrays = {name: np.asarray(c, float) for name, c in columns.items()}
    if len(y) < 3:
        return None
    kept, left_out = independent(arrays)
    degrees = len(y) - len(kept) - 1
    if degrees < 1:
        return None
    x = np.array([arrays[k] for k in kept]).reshape(len(kept), len(y)).T
    return solved(y, x, kept, left_out, degrees)


def solved(y: Floats, x: Floats, names: list[str], left_out: dict[str, str],
           degrees: int) -> Fit:
    """Fits y (n,) on the independent columns x (n, names).

    Columns are centred and scaled before they are decomposed, so that near-collinear ones lose
    few digits. The diagonal of the inverse of the columns' products is then the variance inflation.
    """
    n, means = len(y), x.mean(axis=0)
    scale = np.linalg.norm(x - means, axis=0)
    q, r = np.linalg.qr((x - means) / scale)
    turned = q.T @ (y - y.mean())
    inverse = np.linalg.inv(r)
    products = inverse @ inverse.T
    left = y - y.mean() - q @ turned
    left -= left.mean()
    variance = float(left @ left) / degrees
    slopes = np.linalg.solve(r, turned) / scale
    errors = np.sqrt(variance * np.diag(products)) / scale
    shift = means / scale
    coefficients = {"intercept": coefficient(
        y.mean() - slopes @ means,
        np.sqrt(variance * (1 / n + shift @ products @ shift)), degrees)}
    for i, name in enumerate(names):
        coefficients[name] = coefficient(slopes[i], errors[i], degrees,
                                         float(products[i, i]))
    total = float((y - y.mean()) @ (y - y.mean()))
    return Fit(coefficients, left_out, n, degrees, float(np.sqrt(variance)),
               1 - float(left @ left) / total if total else None)
