// Package config owns the node's configuration: one struct that holds every part's own, read from one file, the
// environment and the flags, which all have the same keys.
//
// A key such as log.level is "log: {level: info}" in the file, SHOAL_LOG_LEVEL in the environment and --log.level as a
// flag. Flags win over the environment, the environment over the file, the file over the defaults. A key that nobody
// knows is a mistake, wherever it stands, and all mistakes are reported at once.
//
// It starts no goroutine. It never acts on what it reads, never reads a file that was not named, and never prints a
// stream key.
package config
