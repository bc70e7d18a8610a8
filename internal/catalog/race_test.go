//go:build race

package catalog

// raceDetector says that everything takes many times as long.
const raceDetector = true
