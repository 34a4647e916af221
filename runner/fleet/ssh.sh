# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
ssh_machines() { refuse "MACHINES=$MACHINES: not built yet"; }
