# SPDX-License-Identifier: Apache-2.0
"""The adaptive search for places where the ranking of two maps flips (docs/reference/crossover.md).

rule.py has its numbers, grid.py the points, outcome.py the state of each point, next.py
the next stage, lines.py the boundaries, moves.py the factors that move them,
"""
