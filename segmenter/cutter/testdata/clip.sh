#!/bin/sh
# Makes clip.mp4, what the golden test cuts: 3.6 s of H.264 with B-frames and a keyframe every second, and AAC.
#
# Run by hand; the result is committed. Needs ffmpeg >= 5.1 with libx264. Other versions make other bytes: run
# `go test ./segmenter/cutter -run TestClip -update` afterwards.
set -eu
cd "$(dirname "$0")"
ffmpeg -v error -y -bitexact \
	-f lavfi -i testsrc2=size=320x180:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000 -t 3.6 \
	-c:v libx264 -preset medium -crf 40 -g 25 -bf 2 -threads 1 -pix_fmt yuv420p -video_track_timescale 90000 \
	-c:a aac -b:a 32k -ac 1 \
	-f mp4 -movflags empty_moov+default_base_moof+frag_keyframe+delay_moov clip.mp4
