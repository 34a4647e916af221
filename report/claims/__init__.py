# SPDX-License-Identifier: Apache-2.0
"""Published claims and what a campaign says to them (docs/claims.md).

ledger.py reads workloads/claims/*.claims; evidence.py takes values from a
campaign; rules.py makes an outcome of them; decide.py does so for a whole
campaign, corrected over the family of claims that speak of speed; show.py
prints.
"""
