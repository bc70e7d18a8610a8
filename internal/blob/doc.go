// Package blob owns the bytes at rest: where recordings and posters are in the data folder, how much they take, how much
// room there is, and how they are removed.
//
//	recordings/<session>/                      see internal/recording
//	posters/<video>/<version>-thumbnail.jpg    and -preview.jpg
//
// Names are UUIDs and numbers, checked here: no path comes from outside. It starts no goroutine. It never looks inside a
// recording, never knows what belongs to whom (that is the catalog's), and never deletes what it was not told to.
package blob
