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

# go-rtmp v0.0.7 puts math.MaxUint32 into two limits of type int, which does not compile where int has 32 bits. The
# compiler is given a copy with the largest int of such a machine instead; nothing comes near either limit.
if [ "$(go env GOARCH)" = arm ]; then
	module=github.com/yutopp/go-rtmp
	copy=build/go-rtmp-$(go list -m -f '{{.Version}}' "$module")-for-32-bits
	mkdir -p build
	work=$(mktemp -d build/.work.XXXXXX)
	trap 'rm -rf "$work"' EXIT
	if [ ! -d "$copy" ]; then
		library=$(go list -m -f '{{.Dir}}' "$module")
		cp -r --no-preserve=mode "$library" "$work/library"
		sed -i 's/= math\.MaxUint32$/= math.MaxInt32/' "$work/library/conn_state.go"
		[ "$(diff "$library/conn_state.go" "$work/library/conn_state.go" | grep -c '^>')" -eq 2 ] || {
			echo "build.sh: go-rtmp's limits are not what they were; look whether it compiles for 32 bits now" >&2
			exit 1
		}
		mv -T "$work/library" "$copy" 2>/dev/null || [ -d "$copy" ] # another build may have been faster
	fi
	cp go.mod "$work/shoal.mod"
	cp go.sum "$work/shoal.sum"
	go mod edit -replace "$module=./$copy" "$work/shoal.mod"
	flags+=(-modfile "$work/shoal.mod")
fi
go build "${flags[@]}" -o "$file" ./cmd/shoal
