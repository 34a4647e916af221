# SPDX-License-Identifier: Apache-2.0
"""Published claims, and the verdicts on them that a campaign supports (docs/reference/claims.md).

text.py parses sections of text, and ledger.py parses workloads/claims/*.claims. cells.py,
statistic.py and slices.py take values from a campaign, for the figures of the articles
(articles.py) and for claims (evidence.py). rules.py decides the verdict on each cell. decide.py
corrects the verdicts for the number of claims about speed, and builds the document of a
campaign (model.py). agreement.py compares Go's maps with the C port, and decision_rules.py
judges the advice of the articles. show.py, next.py and rule.py are commands.
"""
