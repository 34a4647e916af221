# SPDX-License-Identifier: Apache-2.0
"""Tables of the linked pages, one module a page. Titles and heads of their
columns are in report/render/tables.toml."""
