// Package vitals owns what is known of an encoder's health: it looks at the units of a live as they come in and says, second
// by second, what they are like and what is wrong with them. Every finding has to be true for a while before it is told, and
// to be over for a while before it is taken back, so that nothing flickers in the studio.
//
// It starts no goroutine and no timer, and never reads a clock: every call brings its time. It never looks at the bytes of a
// frame but for their number (and whether they are the silence that ingest fills in), and never changes what happens to a
// live. A Monitor is of a fixed size.
package vitals
