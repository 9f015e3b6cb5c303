#!/usr/bin/env bash
# Builds the real programs that the cluster tests drive: etcd, kube-apiserver, kubectl, controllers,
# kwok (Nodes that only pretend), helm and the YAML oracle. Versions and checksums are those of the go.mod and go.sum files beside this
# script; all sources come from the Go module proxy, through the ordinary `go` client.
#
# The only line on stdout is the folder that holds them. The first call takes minutes, later ones
# return at once; calls at the same time wait for each other. `nice` and GOMAXPROCS=1 make it gentle.
#
# SEAWORTHY_CLUSTER_CACHE  where to keep them (default: ~/.cache/seaworthy/cluster)
# KUBEBUILDER_ASSETS       a folder with etcd, kube-apiserver and kubectl to use instead of our own; the
#                          controllers are built all the same, so they should be of our version
#
# Exit 3: there is nothing cached and no Go to build with.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SEAWORTHY_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seaworthy/cluster}

main() {
  local assets='' key folder
  if has_assets "${KUBEBUILDER_ASSETS:-}"; then
    assets=$(cd "$KUBEBUILDER_ASSETS" && pwd)
  fi
  key=$(cache_key "$assets")
  folder=$cache/$key
  if [ ! -d "$folder" ]; then
    mkdir -p "$cache"
    exec 9>"$cache/$key.lock"
    flock 9
    # Another call may have built it while this one waited.
    [ -d "$folder" ] || build "$folder" "$assets"
  fi
  printf '%s\n' "$folder"
}

has_assets() {
  [ -n "$1" ] && [ -x "$1/etcd" ] && [ -x "$1/kube-apiserver" ] && [ -x "$1/kubectl" ]
}

# Everything that decides what the binaries are: pinned versions, the oracle's source, the flags in
# this script, the platform, and whose API server it is.
cache_key() {
  {
    (cd "$here" && sha256sum build.sh ./*/go.mod ./*/go.sum yaml/*.go)
    uname -sm
    printf 'assets=%s\n' "$1"
  } | sha256sum | cut -c1-16
}

# build FOLDER ASSETS: into a folder of its own, renamed when it is complete.
build() {
  if ! command -v go >/dev/null; then
    echo "tests/cluster/build.sh: no \`go\` on PATH: install Go 1.26 or later to build the API server and helm for the cluster tests" >&2
    exit 3
  fi
  # Static binaries of exactly the pinned modules, whatever the caller's settings are.
  export CGO_ENABLED=0 GOWORK=off GOFLAGS='-buildvcs=false -mod=readonly'
  temp=$(mktemp -d "$cache/building.XXXXXX")
  trap 'rm -rf "$temp"' EXIT

  if [ -n "$2" ]; then
    ln -s "$2/etcd" "$2/kube-apiserver" "$2/kubectl" "$temp/"
    go_build kubernetes "$(kubernetes_version_flags)" -o "$temp/" \
      k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kube-scheduler
  else
    go_build etcd '' -o "$temp/etcd" go.etcd.io/etcd/server/v3
    go_build kubernetes "$(kubernetes_version_flags)" -o "$temp/" tool
  fi
  go_build kwok '' -o "$temp/" tool
  go_build helm "-X helm.sh/helm/v4/internal/version.version=$(version helm helm.sh/helm/v4)" -o "$temp/" tool
  go_build yaml '' -o "$temp/yaml-oracle" .

  mv -T "$temp" "$1"
}

# go_build MODULE LDFLAGS ARGUMENT...
go_build() {
  local module=$1 flags=$2 start=$SECONDS
  shift 2
  (cd "$here/$module" && go build -trimpath -ldflags "-s -w $flags" "$@") >&2 9>&-
  echo "tests/cluster/build.sh: built $module in $((SECONDS - start)) s" >&2
}

# Without these kube-apiserver calls itself v0.0.0-master+$Format:%H$, which kubectl cannot parse.
kubernetes_version_flags() {
  local v package
  v=$(version kubernetes k8s.io/kubernetes)
  IFS=. read -r major minor _ <<<"${v#v}"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s -X %s.gitTreeState=clean ' \
      "$package" "$v" "$package" "$major" "$package" "$minor" "$package"
  done
}

# version MODULE DEPENDENCY: as pinned in the module's go.mod.
version() {
  (cd "$here/$1" && go list -m -f '{{.Version}}' "$2")
}

main
