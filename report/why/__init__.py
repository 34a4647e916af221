# SPDX-License-Identifier: Apache-2.0
"""Why a gate is red: what differs between base and head beside the figure."""
