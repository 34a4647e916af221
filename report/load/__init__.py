# SPDX-License-Identifier: Apache-2.0
"""Reads the files of a campaign (results/README.md) into frozen dataclasses."""
from report.load.campaign import Campaign, Cell
from report.load.errors import JournalError, no_campaign
from report.load.journal import read
from report.load.trial import Trial

__all__ = ["Campaign", "Cell", "JournalError", "Trial", "no_campaign", "read"]
