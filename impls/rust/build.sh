#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# build.sh SOURCES PROGRAM [CRATE...] - builds readmostly-rust with the maps of these crates. Crates are Debian's
# packages; cargo uses no network. The copy of Cargo.toml omits missing crates, since cargo requires even unused ones.
# The caller sets CARGO_TARGET_DIR and RUST_VERSION, and UNPACKED if crates of that folder (.ci/unpack) are used, too.
set -e
sources=$1 program=$2
shift 2
folder=$program.cargo
mkdir -p "$folder"
cp "$sources"/*.rs "$folder"
awk -v here=" $* " '/optional = true/ && !index(here, " " $1 " ") { next } 1' \
	"$sources/Cargo.toml" >"$folder/Cargo.toml"
registry=/usr/share/cargo/registry
if [ -n "$UNPACKED" ]; then
	registry=$(realpath "$folder")/registry
	rm -rf "$registry" && mkdir "$registry"
	for crate in /usr/share/cargo/registry/* "$UNPACKED"/*/usr/share/cargo/registry/*; do
		[ ! -d "$crate" ] || ln -sfn "$crate" "$registry"
	done
fi
export CARGO_HOME="$CARGO_TARGET_DIR/home"
cargo build --quiet --release --offline --features "$*" \
	--manifest-path "$folder/Cargo.toml" \
	--config 'source.crates-io.replace-with="debian"' \
	--config "source.debian.directory='$registry'"
cp "$CARGO_TARGET_DIR/release/readmostly-rust" "$program.$$.new"
mv "$program.$$.new" "$program"
