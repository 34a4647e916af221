# SPDX-License-Identifier: Apache-2.0
"""The adaptive search for points at which the faster of two maps changes
(docs/reference/crossover.md).

rule.py has the limits of the search, grid.py its points, outcome.py the state of each point,
next.py the next stage, lines.py the boundaries, and moves.py the factors that affect the position
of boundaries.
"""
