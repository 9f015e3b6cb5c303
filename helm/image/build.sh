#!/usr/bin/env bash
# Builds what the images hold, static, into target/image/<architecture>/, and prints that folder.
#   helm/image/build.sh [ARCHITECTURE...]   amd64, arm64; default: this machine's
# seaworthy has C in it (ring, mimalloc) and is built for this machine's architecture only, with musl-gcc (Debian: musl-tools);
# seaworthy-wait is built for each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

declare -A machines=([amd64]=x86_64 [arm64]=aarch64)
folder=${CARGO_TARGET_DIR:-$PWD/target}/image

own=$(uname -m)
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for name in "${!machines[@]}"; do
    [ "${machines[$name]}" = "$own" ] && names=("$name")
  done
fi

for name in "${names[@]}"; do
  machine=${machines[$name]:?want amd64 or arm64}
  install -D -m 0555 "$(wait/build.sh "$machine-unknown-linux-musl")" "$folder/$name/seaworthy-wait"
  if [ "$machine" = "$own" ]; then
    command -v musl-gcc >/dev/null || { echo "helm/image/build.sh: no musl-gcc: install musl-tools" >&2; exit 1; }
    cargo build --quiet --locked --profile dist --target "$machine-unknown-linux-musl" --bin seaworthy >&2
    install -D -m 0555 "${folder%/image}/$machine-unknown-linux-musl/dist/seaworthy" "$folder/$name/seaworthy"
  else
    echo "helm/image/build.sh: seaworthy for $name is built on such a machine" >&2
  fi
done
printf '%s\n' "$folder"
