# SPDX-License-Identifier: Apache-2.0
"""Computes the result of a campaign; result.build() is the entry point."""
