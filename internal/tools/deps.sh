#!/usr/bin/env bash
# Installs what building, testing or measuring Shoal needs, on Debian and its kin. It says what it installs, skips what is
# there, and needs no network when all is there.
#
#   deps.sh build | test | npm | bench | soak
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

compile=(gcc libc6-dev) # the race detector is linked with cgo
clients=(
	ffmpeg
	gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
	gstreamer1.0-plugins-ugly gstreamer1.0-libav
	chromium
)
boards=(qemu-user-static)

say() { printf 'deps: %s\n' "$*"; }
fail() {
	printf 'deps: %s\n' "$*" >&2
	exit 1
}

need_go() {
	command -v go >/dev/null || fail "Go is missing: install the version that go.mod names, or a later one"
	go mod download
}

# linters puts them where the Makefile looks: "go run" at a version would ask the network each time.
linters() {
	local module name
	for module in honnef.co/go/tools/cmd/staticcheck@v0.7.0 mvdan.cc/gofumpt@v0.12.0; do
		name=${module##*/}
		[ ! -x "build/tools/$name" ] || continue
		say "installing $name"
		GOBIN=$PWD/build/tools go install "$module"
		mv "build/tools/${name%@*}" "build/tools/$name"
	done
}

need_node() {
	command -v npm >/dev/null || fail "Node.js is missing: install version 20 or later, with npm"
	local major
	major=$(node -p 'process.versions.node.split(".")[0]')
	[ "$major" -ge 20 ] || fail "Node.js $major is too old: install version 20 or later"
}

# packages NAME... installs Debian packages. Services among them are not started: whoever needs one starts it.
packages() {
	local missing=() p
	command -v dpkg-query >/dev/null || {
		say "this is no Debian: install what stands for these packages yourself: $*"
		return
	}
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	local root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || fail "run as root: apt-get install ${missing[*]}"
		root=(sudo)
	fi
	local policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
		"${root[@]}" chmod +x "$policy"
		# shellcheck disable=SC2064 # the words are to be expanded now
		trap "${root[*]} rm -f $policy" EXIT
	fi
	"${root[@]}" apt-get update -qq
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# modules installs the npm packages of every folder that has some, as its package-lock.json has them.
modules() {
	local lock dir sum
	need_node
	while IFS= read -r lock; do
		dir=$(dirname "$lock")
		sum=$(sha256sum "$lock" | cut -d ' ' -f 1)
		[ "$(cat "$dir/node_modules/.installed" 2>/dev/null)" != "$sum" ] || continue
		say "installing the npm packages of ${dir#./}"
		(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
		printf '%s\n' "$sum" >"$dir/node_modules/.installed"
	done < <(find . -name node_modules -prune -o -name package-lock.json -print | sort)
}

case "${1:-}" in
build)
	need_go
	;;
npm)
	modules
	;;
test)
	need_go
	packages "${compile[@]}" "${clients[@]}" "${boards[@]}"
	linters
	modules
	;;
bench)
	need_go
	packages ffmpeg nginx-light
	;;
soak)
	need_go
	packages "${clients[@]}" obs-studio xvfb xauth libgl1-mesa-dri
	modules
	;;
*)
	fail "usage: deps.sh build | test | npm | bench | soak"
	;;
esac
