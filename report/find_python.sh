#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a Python that can make the report. The first one on PATH is
# often a private build without these packages, so others are tried, too.
# Status: 0; 3 if no Python works, with the packages to install on standard error.

needs='numpy scipy matplotlib jinja2 jsonschema'

why=
# PYTHON: prints its path; else sets $why to the file and the error, if it is the first but for missing modules. Without
# /dev/null, which may be read-only.
try() {
	path=$(command -v "$1") || return 1
	failed=$("$path" -c 'import sys, numpy, scipy, matplotlib, jinja2, jsonschema
sys.exit(sys.version_info < (3, 11))' 2>&1) && echo "$path" && return
	case $why:$failed in :*?* | *ModuleNotFoundError*:*Error:\ *)
		why="$path: $(grep -o 'File "[^<].*' <<<"$failed" | tail -n 1): ${failed##*$'\n'}" ;;
	esac
	return 1
}

if [ -n "$PYTHON" ]; then
	try "$PYTHON" && exit 0
	echo "report: PYTHON=$PYTHON: expected Python 3.11 or newer with $needs: unset PYTHON, or correct it" >&2
	exit 3
fi
for python in python3 /usr/bin/python3 /usr/local/bin/python3 python3.13 \
	python3.12 python3.11 python; do
	try "$python" && exit 0
done

case $why in *temporary*) why="$why (export TMPDIR=FOLDER)" ;; esac
echo "report: no Python 3.11 or newer here can import $needs.${why:+ $why}" >&2
echo "Install them, on Debian and Ubuntu with" >&2
echo "    apt-get install python3 python3-numpy python3-scipy" \
	"python3-matplotlib python3-jinja2 python3-jsonschema" >&2
echo "or set PYTHON=/path/to/python3${PYTHONPATH:+, or unset PYTHONPATH}." >&2
exit 3
