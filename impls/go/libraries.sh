#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# libraries.sh FOLDER... - prints a go.mod that takes Go libraries from these folders (.ci/unpack).
# Nothing is downloaded. The version in `require` is never read, but must match the module's name.
printf 'module readmostly/impls/go\n\ngo 1.24\n'
for folder; do
	module=$(sed -n 's/^module //p' "$folder/go.mod")
	printf '\nrequire %s %s.0.0\nreplace %s => %s\n' "$module" "${module##*/}" "$module" "$folder"
done
