# SPDX-License-Identifier: Apache-2.0
"""One module per section of the page: add(report, analysis, ...)."""
