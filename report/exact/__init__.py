# SPDX-License-Identifier: Apache-2.0
"""The exact gate: are head's simulated counts equal to base's? (docs/method/gate.md)

Needs only Python, because it runs in pipelines without the report's packages.
"""
