#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bisect.sh exact|time [N [WORK]] - tests whether make regress-bisect finds the commit that
# slows a map, among 16 commits of a new repository, with a real judge. The slow commit is
# the Nth (11). exact: one more lock for each write of gomap_rw. time: WORK (40) more
# multiplications for each lookup; keep the machine quiet. Other commits change words or move code.
judge=$1 planted=${2:-11} work=${3:-40}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
git ls-files -z | xargs -0 cp -p --parents -t "$dir"
cd "$dir" || exit 2
git init -q
commit() { git add -A && git -c user.name=n -c user.email=n@n commit -qm "$1"; }
commit "Commit 0"
map=impls/gomap/gomap_rw.c
for n in $(seq 1 16); do
	if [ "$n" = "$planted" ] && [ "$judge" = exact ]; then
		sed -i 's|^	go_rwmutex_lock(&guard->lock);|&\n	go_rwmutex_unlock(\&guard->lock);\n&|' \
			impls/support/guard_go_rw.h
	elif [ "$n" = "$planted" ]; then
		sed -i 's|^	guard_read(&shard->guard, thread);|&\n	uint64_t planted = key.word;\n\n	for (int i = 0; i < '"$work"'; i++)\n		__asm__ volatile("imul $3, %0, %0" : "+r"(planted));|' \
			impls/gomap/gomap_guarded.h
	elif [ $((n % 3)) = 0 ]; then
		sed -i "s|^RM_DRIVES(ops)|__attribute__((used, noinline)) static int filler$n(int n)\n{\n\treturn n * $n + 1;\n}\n\n&|" $map
	elif [ $((n % 3)) = 1 ]; then
		echo "/* Commit $n says so. */" >>$map
	else
		echo "Words of commit $n." >>README.md
	fi
	commit "Commit $n"
done
cell=gomap_rw/n1024/update/t1
echo "slow: commit $planted, judge $judge, work $work" >&2
make -s regress-bisect GOOD=HEAD~16 BAD=HEAD CELL=$cell JUDGE="$judge"
