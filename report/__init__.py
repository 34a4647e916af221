# SPDX-License-Identifier: Apache-2.0
"""Reads a campaign's folder, decides, and writes the report."""
