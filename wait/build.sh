#!/usr/bin/env bash
# Builds seaworthy-wait as it is shipped, static, and prints where it is.
#   wait/build.sh [TARGET]   default: this machine's architecture, with musl
# A missing Rust target is added with rustup.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${1:-$(uname -m)-unknown-linux-musl}
libraries=$(rustc --print target-libdir --target "$target")
[ -d "$libraries" ] || rustup target add "$target" >&2
# What an outer cargo sets for itself is not for this one.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
cargo build --quiet --locked --profile wait --target "$target" --package seaworthy-wait >&2
printf '%s\n' "${CARGO_TARGET_DIR:-$PWD/target}/$target/wait/seaworthy-wait"
