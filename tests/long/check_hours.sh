#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check_hours.sh [--loaded] [--asan] [MINUTES] - runs `readmostly check` with one seed after another
# for MINUTES (60), on all maps and on the correct maps in verify/corpora/right. All must pass.
# --loaded: a busy loop runs on each CPU at the same time. --asan: alternates with AddressSanitizer
# and UBSan. MAPS='ID...' selects maps, and SECONDS_EACH=60 sets the CPU time for a map and shape
# (default 5). Status 1: a map failed.
loaded= asan= busy=()
while :; do
	case $1 in
	--loaded) loaded=1 ;;
	--asan) asan=1 ;;
	*) break ;;
	esac
	shift
done
minutes=${1:-60} each=${SECONDS_EACH:-5}s
cd "$(dirname "$0")/../.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL
build=${BUILD:-build/gcc} status=0 seed=0
make -s -j"$(nproc)" BUILD="$build" all check-programs && make -s BUILD="$build" CORPUS=right bugs || exit 2
programs=("$build/readmostly" "$build/right/readmostly")
if [ -n "$asan" ]; then
	make -s -j"$(nproc)" OPT='-O1 -g1 -DRM_STATS' BUILD=build/asan-soak \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' \
		all check-programs || exit 2
	programs+=(build/asan-soak/readmostly)
fi
trap '[ ${#busy[@]} = 0 ] || kill "${busy[@]}"' EXIT
trap 'exit 130' INT TERM
if [ -n "$loaded" ]; then
	for _ in $(seq "$(nproc)"); do
		while :; do :; done &
		busy+=($!)
	done
fi
begun=$SECONDS
while [ $((SECONDS - begun)) -lt $((60 * minutes)) ]; do
	seed=$((seed + 1))
	for program in "${programs[@]}"; do
		echo "seed $seed, $program, $((SECONDS - begun)) s"
		case $program in */right/*) maps= ;; *) maps=$MAPS ;; esac
		MAPS=$maps SEED=$seed tests/tools/check_maps.sh "$program" "$each" || status=1
	done
done
exit $status
