# SPDX-License-Identifier: Apache-2.0
"""From a campaign to its result: result.build() is the whole of it."""
