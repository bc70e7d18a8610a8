// Package obs owns what an operator sees of a node: the logger, the metrics registry and the health of its components.
//
// It starts no goroutine. It never decides what is worth a log line or a metric (each package does, with the logger and
// the registerer that it is given), never keeps a global logger or registry, and never imports another package of Shoal.
package obs
