#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# explore_with.sh OUT MAP.c... - builds OUT/readmostly-explore: what $BUILD
# holds and the maps of these files.
PROGRAM=readmostly-explore exec "$(dirname "$0")/sim_with.sh" "$@"
