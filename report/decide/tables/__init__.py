# SPDX-License-Identifier: Apache-2.0
"""Builds the tables of the linked pages, with one module for each page. Titles and column heads
are in report/render/tables.toml."""
