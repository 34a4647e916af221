# SPDX-License-Identifier: Apache-2.0
"""Turns a campaign into its result; result.build() is the entry point."""
