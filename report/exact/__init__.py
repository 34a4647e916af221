# SPDX-License-Identifier: Apache-2.0
"""The exact gate: are head's simulated counts those of base? (docs/method/gate.md)

Needs nothing but Python, as it runs in pipelines without the report's packages.
"""
