# SPDX-License-Identifier: Apache-2.0
"""Packs everything from which a campaign's figures are computed into one file that can be
verified (docs/reference/artifact.md)."""
