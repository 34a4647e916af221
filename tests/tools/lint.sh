#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lint.sh [--changed] - format, licence lines, layers, static analysis. CI runs
# it. --changed: of files that differ from HEAD, what takes no time.
. runner/base/environment.sh
case "$*" in
'' | --changed) ;;
*) echo "lint: $*: expected nothing, or --changed" >&2; exit 2 ;;
esac
status=0
changed=$1
of() { # PATTERN...: files of the tree, or those that differ
	if [ "$changed" = --changed ]; then
		{ git diff --name-only --diff-filter=d HEAD -- "$@"
			git ls-files --others --exclude-standard -- "$@"; } | sort -u
	else
		git ls-files -- "$@"
	fi
}
files=$(of '*.[ch]' '*.cc' '*.hh')
say() { echo "lint: $*" >&2; status=1; }

[ -z "$files" ] || clang-format --dry-run --Werror $files || say "run: make format"
for file in $files $(of '*.sh' '*.py' '*.mk'); do
	[ -s "$file" ] || continue
	head -n 3 "$file" | grep -q SPDX-License-Identifier ||
		say "$file: no SPDX line"
	# A lock of the machine is somebody else's: the project holds those of its tree.
	! grep -nE 'flock( +-[a-z]+)* +"?/' "$file" >&2 ||
		say "$file: a lock outside of the tree"
done
for file in $files; do
	lines=$(wc -l <"$file")
	case $file in tests/* | verify/corpora/* | verify/tests/*) continue ;; esac
	[ "$lines" -le 600 ] || say "$file: $lines lines, at most 600"
done
for file in $(git ls-files 'tests/cli/*.sh'); do
	[ -x "$file" ] || say "$file: not executable, so that no run would run it"
done
tests/tools/layers.sh || status=1
flake8 --config report/.flake8 report || say "flake8"
mypy --config-file report/pyproject.toml --no-error-summary || say "mypy"
[ "$changed" != --changed ] || exit $status
# touch.c, access.c, driver.h: this preprocessor loses arguments of a macro in a macro
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	--enable=warning,portability --suppress=missingIncludeSystem \
	--suppress=preprocessorErrorDirective:runner/sim/guest/touch.c \
	--suppress=preprocessorErrorDirective:verify/explore/access.c \
	--suppress=preprocessorErrorDirective:runner/driver.h \
	-D'json_array_foreach(a,i,v)=for(;;)' -D'json_object_foreach(o,k,v)=for(;;)' \
	-D__extension__= -I. runner verify/check verify/history verify/explore || say "cppcheck"
if command -v clang-tidy >/dev/null; then
	# not impls/: the analyzer does not follow tagged pointers and epochs
	git ls-files "runner/*.c" "verify/check/*.c" "verify/history/*.c" "verify/explore/*.c" | xargs -P "$(nproc)" -n 1 \
		sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -I.' _ \
		2>/dev/null || say "clang-tidy"
fi
[ $status = 0 ] && echo "lint: clean"
exit $status
