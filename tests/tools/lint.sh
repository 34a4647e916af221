#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lint.sh [--changed] - checks format, licence lines, layers and static analysis, as CI does.
# --changed: only the quick checks, on files that differ from HEAD.
. runner/base/environment.sh
case "$*" in
'' | --changed) ;;
*) echo "lint: $*: expected nothing, or --changed" >&2; exit 2 ;;
esac
git rev-parse -q --verify HEAD >/dev/null || { echo "lint: not checked: git reads no commit here" >&2; exit 3; }
status=0
changed=$1
list_files() { # PATTERN...: lists files of the tree, or with --changed only those that differ
	if [ "$changed" = --changed ]; then
		{ git diff --name-only --diff-filter=d HEAD -- "$@"
			git ls-files --others --exclude-standard -- "$@"; } | sort -u
	else
		git ls-files -- "$@"
	fi
}
files=$(list_files '*.[ch]' '*.cc' '*.hh')
report_error() { echo "lint: $*" >&2; status=1; }

[ -z "$files" ] || clang-format --dry-run --Werror $files || report_error "run: make format"
for file in $files $(list_files '*.sh' '*.py' '*.mk'); do
	[ -s "$file" ] || continue
	head -n 3 "$file" | grep -q SPDX-License-Identifier ||
		report_error "$file: no SPDX line"
	# A lock outside of the tree may belong to another program.
	! grep -nE 'flock( +-[a-z]+)* +"?/' "$file" >&2 ||
		report_error "$file: a lock outside of the tree"
done
for file in $files; do
	lines=$(wc -l <"$file")
	case $file in tests/* | verify/corpora/* | verify/tests/*) continue ;; esac
	[ "$lines" -le 600 ] || report_error "$file: $lines lines, at most 600"
done
for file in $(git ls-files 'tests/cli/*.sh'); do
	[ -x "$file" ] || report_error "$file: not executable, so that no run would run it"
done
tests/tools/layers.sh || status=1
flake8 --config report/.flake8 report || report_error "flake8"
mypy --config-file report/pyproject.toml --no-error-summary || report_error "mypy"
[ "$changed" != --changed ] || exit $status
# not touch.c, access.c, driver.h: this preprocessor loses arguments of nested macros
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	--enable=warning,portability --suppress=missingIncludeSystem \
	--suppress=preprocessorErrorDirective:runner/sim/guest/touch.c \
	--suppress=preprocessorErrorDirective:verify/explore/access.c \
	--suppress=preprocessorErrorDirective:runner/driver.h \
	-D'json_array_foreach(a,i,v)=for(;;)' -D'json_object_foreach(o,k,v)=for(;;)' \
	-D__extension__= -I. runner verify/check verify/history verify/explore || report_error "cppcheck"
if command -v clang-tidy >/dev/null; then
	# not impls/: the analyzer does not follow tagged pointers and epochs
	git ls-files "runner/*.c" "verify/check/*.c" "verify/history/*.c" "verify/explore/*.c" | xargs -P "$(nproc)" -n 1 \
		sh -c 'clang-tidy --quiet "$@" -- -std=c11 -D_GNU_SOURCE -I.' _ \
		2>/dev/null || report_error "clang-tidy"
else
	echo "lint: clang-tidy is missing: make deps installs it" >&2
	[ $status != 0 ] || status=3
fi
[ $status = 0 ] && echo "lint: clean"
exit $status
