# SPDX-License-Identifier: Apache-2.0
"""Published claims and the verdicts of a campaign on them (docs/reference/claims.md).

text.py reads sections of text, ledger.py those of workloads/claims/*.claims.
cells.py, statistic.py and slices.py take values from a campaign, for the
articles' figures (articles.py) and for claims (evidence.py). rules.py gives each
cell a verdict and decide.py each campaign a document (model.py), corrected over
the family of claims about speed. agreement.py compares Go with the C port,
decision_rules.py has the advice of the articles; show.py, next.py and rule.py are
commands.
"""
