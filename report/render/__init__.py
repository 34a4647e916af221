# SPDX-License-Identifier: Apache-2.0
"""Renders the result as pages, terminal lines, Markdown, CSV, LaTeX and plots.

write.py writes the report's folder. All text is in templates/ and tables.toml. view.py attaches to
each number its path in verdicts.json, and formats.py converts numbers to text.
"""
