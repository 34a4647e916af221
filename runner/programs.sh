# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# programs.sh - for bench.sh and answer.sh: builds what a mode measures, and no
# more, and measures. $needs is what `readmostly run --needs` says.
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
# measure COMMAND...: runs it; $ran is its status, $campaign the folder that it
# says first that it is in: results/latest may be an older one's, or nobody's.
# Ends where nothing was started.
measure() {
	said=$(mktemp) || exit 3
	trap 'rm -f "$said"' EXIT
	# -i: an interrupt ends the campaign, which goes on talking.
	"$@" | tee -i "$said"
	ran=${PIPESTATUS[0]}
	campaign=$(sed -n 's/^campaign: //p; s/^resuming //p' "$said" | head -n 1)
	[ $ran = 2 ] && exit 2
	[ -n "$campaign" ] || exit "$ran"
}
