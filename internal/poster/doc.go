// Package poster owns how a video gets its picture: from a keyframe, by ffmpeg where that is installed; from an image that
// somebody sends; or drawn, from the video's name. The result is always a Set of two JPEG images of 16:9.
//
// Images and media are foreign bytes: their dimensions are read before they are decoded, nothing of them but the picture
// reaches the result, and no two are decoded at the same time, so that memory is bounded. ffmpeg gets its input on
// standard input, reads nothing else, and runs with little priority, memory and time.
//
// It starts no goroutine of its own; those that os/exec needs have ended when a function returns. It never writes a file,
// never speaks to the network, and never decides when a picture is due.
package poster
