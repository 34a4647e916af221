# SPDX-License-Identifier: Apache-2.0
"""The exact gate checks that the simulated counts of head equal those of base
(docs/method/gate.md). It needs only Python, because it runs in pipelines that do not install
the report's packages."""
