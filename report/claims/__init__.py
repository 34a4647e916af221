# SPDX-License-Identifier: Apache-2.0
"""Published claims and what a campaign says to them (docs/claims.md).

text.py reads sections of text, ledger.py those of workloads/claims/*.claims;
evidence.py takes values from a campaign; rules.py makes an outcome of them;
decide.py does so for a whole campaign, corrected over the family of claims
that speak of speed. Of its verdicts agreement.py says how far Go and the port
in C give the same, decision_rules.py how the articles' advice stands; show.py
prints.
"""
