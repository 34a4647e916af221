# SPDX-License-Identifier: Apache-2.0
"""Runs Readmostly as a check of ReFrame, for sites that use it to accept machines.

    reframe -c examples/fleet/reframe_check.py --distribute=idle -r

Our tests do not run this check, because ReFrame is not packaged. Instead,
tests/report/test_fleet_examples.py tests its command and patterns with a fake module.
"""
import os

import reframe as rfm
import reframe.utility.sanity as sn


@rfm.simple_test
class ReadmostlyCheck(rfm.RunOnlyRegressionTest):
    descr = "read-mostly lookups: the campaign completes"
    valid_systems = ["*"]
    valid_prog_environs = ["*"]
    executable = os.environ.get("READMOSTLY", "build/gcc/readmostly")
    executable_opts = ["run", "-o", "campaign", "--resume", "--mode",
                       os.environ.get("MODE", "workloads/modes/smoke.conf"),
                       "--busy-ok"]
    num_tasks = 1
    exclusive_access = True
    time_limit = "20m"

    @rfm.sanity_function
    def is_complete(self):
        return sn.assert_found(r"^status: done", self.stdout)

    @rfm.performance_function("trials")
    def ok(self):
        return sn.extractsingle(r"^(\d+) trials: (\d+) ok", self.stdout, 2,
                                int)

    @rfm.performance_function("trials")
    def failed(self):
        return sn.extractsingle(r"^(\d+) trials: .* (\d+) failed",
                                self.stdout, 2, int)
