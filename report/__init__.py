# SPDX-License-Identifier: Apache-2.0
"""Readmostly's report: reads a campaign folder, computes, draws, decides."""
