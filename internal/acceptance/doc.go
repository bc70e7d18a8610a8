// Package acceptance holds the promises of a whole node against real clients: it owns no code, only tests. They build the
// binary, start it as an operator does, publish to it with ffmpeg, GStreamer, OBS and our own encoder, and watch with
// ffmpeg, Chromium, other people's parsers (internal/testkit/judges) and our validator (internal/testkit/hlscheck).
//
// The tests start processes and goroutines, and end all of them. They never look inside a node, and they hold promises of
// time only where that is what they are for: a busy machine must not fail them.
//
// What they need is installed by make test. "go test -short" leaves out what takes more than half a minute; -soak adds
// what takes long (make soak).
package acceptance
