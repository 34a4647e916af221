#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# simulatable.sh OBJECT ASSEMBLY [NAMES] - prints why an instrumented map cannot be simulated, or nothing if it can. It
# checks the machine code, since accesses that the simulation cannot see would yield plausible but wrong numbers.
# NAMES lists more functions like names.txt, or as patterns between slashes.
object=$1 assembly=$2 more=$3
folder=${0%/*}

no() { echo "$*"; exit 0; }

# Library functions are not instrumented.
strange=$(nm -u "$object" | awk '{ print $NF }' | grep -v '^__tsan_' |
	sed 's/@.*//' | awk '/^#/ { next }
		FILENAME != "-" && /^\/.*\/$/ { pattern = pattern "|" substr($0, 2, length - 2); next }
		FILENAME != "-" { known[$1]; next }
		!($1 in known) && (pattern == "" || $1 !~ substr(pattern, 2))' "$folder/names.txt" ${more:+"$more"} - | sort -u)
[ -z "$strange" ] ||
	no "calls $(echo "$strange" | head -n 3 | paste -sd' ' | sed 's/ /, /g'), which is not simulated"

# Callbacks that touch.c does not implement: those for C++ objects and wide vectors.
odd=$(nm -u "$object" | awk '$NF ~ /^__tsan_/ { print $NF }' | grep -vE \
	'^__tsan_(init|func_(entry|exit)|(unaligned_)?(read|write)(1|2|4|8|16)|(read|write)_range|'"${more:+vptr_(read|update)|mem(cpy|move|set)|}"'atomic(8|16|32|64|128)_[a-z_]*|atomic_(thread|signal)_fence)$' |
	head -n 1)
[ -z "$odd" ] || no "needs $odd"

# All virtual cores share one host thread, so they would share thread-local variables. Explorations replace
# __tls_get_addr(), which finds those of the library itself.
tls=$(readelf -sW "$object" | awk -v more="$more" '$4 == "TLS" && (more == "" || $7 == "UND") { print $8; exit }')
[ -z "$tls" ] || no "has a thread-local variable ($tls)"
grep -qE '@(gottpoff|tpoff|tlsdesc)' "$assembly" && no 'has thread-local variables of a static model'

readelf -SW "$object" | grep -q 'gnu\.lto_' && no 'is compiled for link-time optimisation'

# Inline assembly is not instrumented. Empty statements (compiler barriers)
# and spin-wait hints do not access memory.
hand=$(awk '/^[[:space:]]*#+[[:space:]]*APP/ { inside = 1; next }
	/^[[:space:]]*#+[[:space:]]*NO_?APP/ { inside = 0; next }
	inside && !/^[[:space:]]*(#.*|\/\/.*|\.loc .*|)$/ &&
	!/^[[:space:]]*(pause|rep;[[:space:]]*nop|yield)[[:space:]]*$/ {
		sub(/^[[:space:]]*/, ""); gsub(/[[:space:]]+/, " "); print; exit
	}' "$assembly")
[ -z "$hand" ] || no "has inline assembly (\`$hand')"

grep -qE '%[yz]mm[0-9]' "$assembly" && no 'has vectors of over 16 bytes'

exit 0
