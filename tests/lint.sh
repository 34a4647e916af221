#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lint.sh - format, licence lines, layers, static analysis. CI runs it.
status=0
files=$(git ls-files '*.[ch]')
say() { echo "lint: $*" >&2; status=1; }

clang-format --dry-run --Werror $files || say "run: make format"
for file in $files $(git ls-files '*.sh' '*.py' '*.mk'); do
	[ -s "$file" ] || continue
	head -n 3 "$file" | grep -q SPDX-License-Identifier ||
		say "$file: no SPDX line"
done
for file in $files; do
	lines=$(wc -l <"$file")
	case $file in tests/*) continue ;; esac
	[ "$lines" -le 300 ] || say "$file: $lines lines, at most 300"
done
for file in $(git ls-files 'tests/cli_*.sh'); do
	[ -x "$file" ] || say "$file: not executable, so that no run would run it"
done
tests/layers.sh || status=1
# abi.h, driver.h: this preprocessor loses arguments of a macro in a macro
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	--enable=warning,portability --suppress=missingIncludeSystem \
	--suppress=preprocessorErrorDirective:runner/sim/guest/abi.h \
	--suppress=preprocessorErrorDirective:runner/driver.h \
	-D'json_array_foreach(a,i,v)=for(;;)' -D'json_object_foreach(o,k,v)=for(;;)' \
	-D__extension__= -I. runner || say "cppcheck"
if command -v clang-tidy >/dev/null; then
	# not impls/: the analyzer does not follow tagged pointers and epochs
	git ls-files 'runner/*.c' | xargs -P "$(nproc)" -n 1 \
		sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -I.' _ \
		2>/dev/null || say "clang-tidy"
fi
[ $status = 0 ] && echo "lint: clean"
exit $status
