# SPDX-License-Identifier: Apache-2.0
"""Reads the folder of a campaign, ranks the maps, and writes the report."""
