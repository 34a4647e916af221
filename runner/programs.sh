# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# programs.sh - for bench.sh and answer.sh: builds what a mode measures, and no
# more. $needs is what `readmostly run --needs` says.
build=${BUILD:-build/gcc} jobs=-j$(nproc)

quiet() { make --no-print-directory "$jobs" CC="${CC:-gcc}" BUILD="$build" "$@"; }
needed() { sed -n "s/^$1 //p" <<<"$needs" | sort -u | tr '\n' ' '; }
# needs_of MODE [ARGUMENTS of run]: sets $needs.
needs_of() {
	quiet chooser || exit
	needs=$("$build/chooser/readmostly" run --mode "$@" --needs) || exit
}
build_needed() { # FOLDER
	quiet OUT="$1" MAPS_BUILT="$(needed plain)" STATS_MAPS="$(needed stats)" \
		SIM_MAPS="$(needed sim)" X24_MAPS="$(needed x24)" X64_MAPS="$(needed x64)" \
		X256_MAPS="$(needed x256)" X1024_MAPS="$(needed x1024)" programs || exit
}
