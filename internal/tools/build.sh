#!/usr/bin/env bash
# Builds the binary as it is shipped: without cgo, so that one file runs on any Linux, and without paths of this machine.
#
#   build.sh here|amd64|arm64|armv7|armv6 FILE     VERSION=v1.2.3 names the version
set -euo pipefail
[ $# -eq 2 ] || {
	echo "usage: build.sh here|amd64|arm64|armv7|armv6 FILE" >&2
	exit 1
}
file=$(realpath -m "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export CGO_ENABLED=0
case "$1" in
here) ;;
amd64 | arm64) export GOOS=linux GOARCH="$1" ;;
armv7 | armv6) export GOOS=linux GOARCH=arm GOARM="${1#armv}" ;;
*)
	echo "build.sh: there is no board of the kind $1" >&2
	exit 1
	;;
esac
version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo development)}
flags=(-trimpath -ldflags "-s -w -X main.version=$version")

go build "${flags[@]}" -o "$file" ./cmd/shoal
