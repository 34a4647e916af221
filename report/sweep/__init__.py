# SPDX-License-Identifier: Apache-2.0
"""Where the ranking of two maps flips: the adaptive search (docs/reference/crossover.md).

rule.py has its numbers, grid.py the points, outcome.py what is known of each,
next.py the next stage, lines.py the boundaries, moves.py what moves them,
decide.py the result, page.py the page, templates/ the sentences.
"""
