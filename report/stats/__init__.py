# SPDX-License-Identifier: Apache-2.0
"""Statistics for the report, claims and gate: estimates and their intervals.

All numbers of the report are computed from trials here (docs/method/statistics.md).
Callers import this package, not its modules. Conventions:

- An array of shape (cells, n) holds n independent trials, or pairs of trials, of each cell.
  Functions combine cells only if their docstrings mention it.
- A difference `d` is a log ratio ln(head / base) of costs: positive values mean slower, and
  0.02 is about 2 %. Costs are in ns, rates in operations per second.
- `level` is the coverage of an interval, such as 0.95; `alpha` is the error of a test.
- An interval is missing if n is too small: nan in arrays, None with a reason in an
  Interval; see needed_n() and needed_n_walsh().
"""
from report.stats.biweight import (biweight_interval, biweight_scores,
                                   biweight_slot, mean_interval, scale_of,
                                   tail_scores, widened)
from report.stats.crossings import Crossing, crossover
from report.stats.families import (Alternative, Side, beyond, family, inside,
                                   outside)
from report.stats.flips import (FlipTest, feasible, sign_flip_test,
                                signed_ranks)
from report.stats.interval import (Interval, level_intervals, many_intervals,
                                   many_ratios, median_of, ratio_interval)
from report.stats.order import median_interval, needed_n, quantile_ranks
from report.stats.pairs import (SlotAdjusted, detectable, log_ratio,
                                percent, shift, shift_interval, slot_adjusted,
                                standard_error)
from report.stats.planning import least_blocks, rank_power, visible_effect
from report.stats.power import Noise, noise_of, smallest_visible
from report.stats.regression import Coefficient, Fit, least_squares
from report.stats.shares import clopper_pearson, share_interval, sign_test
from report.stats.signed_rank import (hodges_lehmann, needed_n_walsh, rank_lag1,
                                      own_noise, serial_interval, shared_lag1,
                                      signed_rank_interval, signed_rank_p,
                                      signed_rank_tail, walsh, walsh_rank,
                                      widening)
from report.stats.slopes import block_slopes, trend

RANKING_NEEDS = 6  # smallest n that gives a 95 % signed-rank interval
VERDICT_NEEDS = 20  # trials of each arm that a gate or a claim needs (R11 in docs/method/rules.md)

__all__ = [
    "Alternative", "Coefficient", "Crossing", "Fit", "FlipTest", "Interval",
    "Noise", "RANKING_NEEDS", "Side", "SlotAdjusted", "VERDICT_NEEDS",
    "beyond", "biweight_interval", "biweight_scores", "biweight_slot",
    "block_slopes", "clopper_pearson", "crossover", "detectable", "family",
    "feasible", "hodges_lehmann", "inside", "least_blocks", "least_squares",
    "level_intervals", "log_ratio", "many_intervals", "many_ratios",
    "mean_interval", "median_interval", "median_of", "needed_n",
    "needed_n_walsh", "noise_of", "own_noise", "outside",
    "percent", "quantile_ranks", "rank_lag1", "rank_power", "ratio_interval", "scale_of",
    "serial_interval", "share_interval", "shared_lag1", "shift",
    "shift_interval", "sign_flip_test", "sign_test", "signed_rank_interval",
    "signed_rank_p", "signed_rank_tail", "signed_ranks", "slot_adjusted",
    "smallest_visible", "standard_error", "tail_scores", "trend",
    "visible_effect", "walsh", "walsh_rank", "widened", "widening",
]
