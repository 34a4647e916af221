#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On one core, the simulated machine and cachegrind count equally many misses per operation.
# tests/tools/sim_fidelity.py --long has more cases. The reference compiler is gcc.
# slow: over ten seconds of CPU time.
. tests/tools/tap.sh
for map in gomap_mutex gomap_rw hashtriemap null_map rwlock_probe shard_rw_32 snapshot syncmap; do
	needs sim/$map
done
case $(basename "$(cut -d' ' -f1 "$build/flags")") in *clang*)
	echo '1..0 # SKIP the reference compiler is gcc'; exit 0 ;;
esac
exec "$(report/find_python.sh)" tests/tools/sim_fidelity.py "$build"
