# SPDX-License-Identifier: Apache-2.0
"""A second hand for the ledger of claims: it shares nothing with report/.

Its rules were written from docs/claims.md, its cells and statistics from
docs/articles/, its reader from results/README.md.
"""
