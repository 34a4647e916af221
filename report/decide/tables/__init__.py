# SPDX-License-Identifier: Apache-2.0
"""Tables of the linked pages, one module per page. Titles and column heads are in
report/render/tables.toml."""
