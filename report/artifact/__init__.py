# SPDX-License-Identifier: Apache-2.0
"""Packs all inputs of a campaign's figures into one file that can be verified
(docs/reference/artifact.md)."""
