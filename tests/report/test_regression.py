# SPDX-License-Identifier: Apache-2.0
"""Compares least squares with scipy, and with a published solution (NIST Statistical Reference
Datasets: Longley, in which the columns are nearly collinear)."""
import numpy as np
import pytest
from scipy import stats

from report.stats import regression

LONGLEY = """60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962"""

# NIST's certified values: the estimate and its standard deviation.
LONGLEY_CERTIFIED = {
    "intercept": (-3482258.63459582, 890420.383607373),
    "b1": (15.0618722713733, 84.9149257747669),
    "b2": (-0.358191792925910E-01, 0.334910077722432E-01),
    "b3": (-2.02022980381683, 0.488399681651699),
    "b4": (-1.03322686717359, 0.214274163161675),
    "b5": (-0.511041056535807E-01, 0.226073200069370),
    "b6": (1829.15146461355, 455.478499142212)}


def longley():
    data = np.array([line.split() for line in LONGLEY.splitlines()], float)
    return data[:, 0], {f"b{i}": data[:, i] for i in range(1, 7)}


def test_longley_has_its_certified_values():
    fit = regression.least_squares(*longley())
    for name, (value, error) in LONGLEY_CERTIFIED.items():
        got = fit.coefficients[name]
        assert got.value == pytest.approx(value, rel=1e-9)
        assert got.error == pytest.approx(error, rel=1e-9)
    assert fit.residual == pytest.approx(304.854073561965, rel=1e-10)
    assert fit.r_squared == pytest.approx(0.995479004577296, rel=1e-12)
    assert (fit.n, fit.degrees) == (16, 9)


def test_inflation_equals_a_regression_on_the_others():
    """The inflation is defined as 1 / (1 - R²) of a regression of the column on the others. R² is
    computed by numpy's solver."""
    _, columns = longley()
    fit = regression.least_squares(*longley())
    for name, own in columns.items():
        others = np.column_stack([np.ones(len(own))] + [
            c for n, c in columns.items() if n != name])
        left = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
        r_squared = 1 - left @ left / np.sum((own - own.mean()) ** 2)
        assert fit.coefficients[name].vif == pytest.approx(
            1 / (1 - r_squared), rel=1e-6)
    assert fit.coefficients["b2"].vif > 1000
    assert fit.coefficients["intercept"].vif is None


def test_a_line_agrees_with_scipy():
    rng = np.random.default_rng(4)
    x = 1e3 + rng.normal(size=36)
    y = 2 + 0.87 * x + rng.normal(size=36)
    fit = regression.least_squares(y, {"x": x})
    line = stats.linregress(x, y)
    slope, cut = fit.coefficients["x"], fit.coefficients["intercept"]
    assert (slope.value, slope.error, slope.p) == pytest.approx(
        (line.slope, line.stderr, line.pvalue), rel=1e-6)
    assert (cut.value, cut.error) == pytest.approx(
        (line.intercept, line.intercept_stderr), rel=1e-6)
    reach = stats.t.ppf(0.975, 34) * line.stderr
    assert (slope.low, slope.high) == pytest.approx(
        (slope.value - reach, slope.value + reach), rel=1e-9)


def test_the_interval_has_its_nominal_coverage():
    rng = np.random.default_rng(5)
    x = rng.normal(size=30)
    held = 0
    for _ in range(1000):
        fit = regression.least_squares(
            2 + 0.87 * x + rng.normal(size=30), {"x": x})
        c = fit.coefficients["x"]
        held += c.low <= 0.87 <= c.high
    assert 925 <= held <= 975  # 950 plus or minus 3.6 standard errors


def test_useless_columns_are_left_out_with_a_reason():
    y = [1.0, 2, 4, 3, 6]
    fit = regression.least_squares(y, {
        "x": [1, 2, 3, 4, 5], "flat": [7] * 5, "twice": [2, 4, 6, 8, 10]})
    assert set(fit.coefficients) == {"intercept", "x"}
    assert fit.left_out == {"flat": "it did not vary",
                            "twice": "it depends linearly on the others"}
    assert regression.least_squares([1, 2], {"x": [1, 2]}) is None
    assert regression.least_squares([1, 2, 3], {
        "a": [1, 2, 4], "b": [5, 3, 4]}) is None


@pytest.mark.parametrize("slope,offset", [(2, 0), (2, 1), (-3, 5), (1, 1e6)])
def test_linearly_dependent_columns_are_left_out(slope, offset):
    """A column that is a linear function of another column, such as 1 minus a share, has no further
    information."""
    x = np.array([1.0, 2, 4, 5, 7, 8])
    fit = regression.least_squares([1.0, 2, 4, 3, 6, 9], {
        "x": x, "same": offset + slope * x})
    assert set(fit.coefficients) == {"intercept", "x"}
    assert fit.left_out == {"same": "it depends linearly on the others"}
    assert fit.coefficients["x"].vif == pytest.approx(1)
