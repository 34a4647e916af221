# SPDX-License-Identifier: Apache-2.0
"""Renders the result as page, terminal lines, Markdown, CSV, LaTeX and plots.

write.py writes a report folder. All prose is in templates/ and tables.toml.
view.py gives each number its path in verdicts.json, formats.py its text.
"""
