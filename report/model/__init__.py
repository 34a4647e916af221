# SPDX-License-Identifier: Apache-2.0
"""The result of a campaign as frozen dataclasses.

verdicts.json is result.Result, serialised by encode.py. Page, terminal and tables
print only values from it. The model holds numbers, names and enumerated words;
sentences are in the templates of report/render.
"""
