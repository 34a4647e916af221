# SPDX-License-Identifier: Apache-2.0
"""The result of a campaign as frozen dataclasses.

verdicts.json is a result.Result, serialised by encode.py. The page, the terminal and the tables
print only values from it. The model contains numbers, names and enumerated words; the sentences are
in the templates of report/render.
"""
