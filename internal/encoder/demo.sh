#!/bin/sh
# Makes demo.flv, the clip that `shoal demo` publishes: a test card with the name, a big clock, a swimming shoal, a dial
# that turns once in two seconds and a chime that rings with its flash on every second.
#
# Run by hand when the card changes; the result is committed. Needs ffmpeg >= 5.1 (libx264, drawtext) and the DejaVu
# fonts (Debian: apt-get install ffmpeg fonts-dejavu-core).
#
# 16 s at 30 frames/s are 480 pictures, and 750 AAC frames of 1,024 samples at 48 kHz: both tracks end on the same
# millisecond, everything that moves has a period that divides 16 s, and the tone is silent at the seam. So the clip
# loops cleanly. Keyframes every 2 s, no B-frames (nothing waits for reordering).
set -eu
cd "$(dirname "$0")"
out=${1:-demo.flv}
dir=${FONTS:-/usr/share/fonts/truetype/dejavu}
bold=$dir/DejaVuSans-Bold.ttf
sans=$dir/DejaVuSans.ttf
mono=$dir/DejaVuSansMono-Bold.ttf

# A fish looks to the right: an ellipse, a tail and an eye. $1 x $2 pixels, colour $3 $4 $5.
fish() {
	body="lt(hypot((X-0.58*W)/(0.40*W),(Y-H/2)/(0.40*H)),1)"
	tail="lt(X,0.32*W)*lt(abs(Y-H/2),(0.32*W-X)*H/W*1.45+0.06*H)"
	eye="lt(hypot(X-0.80*W,Y-0.42*H),0.07*H)"
	printf 'color=black:s=%sx%s:r=30:d=0.04,format=rgba,geq=' "$1" "$2"
	printf "r='if(%s,8,%s)':g='if(%s,24,%s)':b='if(%s,40,%s)'" "$eye" "$3" "$eye" "$4" "$eye" "$5"
	printf ":a='255*gt(%s+%s,0)',loop=-1:1" "$body" "$tail"
}

# A swimmer: the picture [$1] crosses $2 times in 16 s, at height $3, phase $4 (0..1), swaying $5 pixels.
swim() {
	printf "overlay=x='mod(t/16*%s+%s,1)*(W+160)-120':y='%s+%s*sin(2*PI*(t/4+%s))'" "$2" "$4" "$3" "$5" "$4"
}

graph="
color=black:s=1280x720:r=30:d=0.04,format=rgb24,
 geq=r='8+14*(1-Y/H)+6*(1-hypot((X-W/2)/W,(Y-H/3)/H))':
     g='24+62*(1-Y/H)+16*(1-hypot((X-W/2)/W,(Y-H/3)/H))':
     b='48+78*(1-Y/H)+20*(1-hypot((X-W/2)/W,(Y-H/3)/H))',
 drawgrid=w=80:h=80:t=1:c=white@0.07,
 drawbox=x=40:y=40:w=1200:h=640:c=white@0.25:t=2,
 drawbox=x=80:y=560:w=140:h=80:c=0xBFBFBF:t=fill, drawbox=x=220:y=560:w=140:h=80:c=0xBFBF00:t=fill,
 drawbox=x=360:y=560:w=140:h=80:c=0x00BFBF:t=fill, drawbox=x=500:y=560:w=140:h=80:c=0x00BF00:t=fill,
 drawbox=x=640:y=560:w=140:h=80:c=0xBF00BF:t=fill, drawbox=x=780:y=560:w=140:h=80:c=0xBF0000:t=fill,
 drawbox=x=920:y=560:w=140:h=80:c=0x0000BF:t=fill, drawbox=x=1060:y=560:w=140:h=80:c=0x101010:t=fill,
 drawbox=x=80:y=640:w=160:h=20:c=0x000000:t=fill, drawbox=x=240:y=640:w=160:h=20:c=0x242424:t=fill,
 drawbox=x=400:y=640:w=160:h=20:c=0x494949:t=fill, drawbox=x=560:y=640:w=160:h=20:c=0x6D6D6D:t=fill,
 drawbox=x=720:y=640:w=160:h=20:c=0x929292:t=fill, drawbox=x=880:y=640:w=160:h=20:c=0xB6B6B6:t=fill,
 drawbox=x=1040:y=640:w=160:h=20:c=0xFFFFFF:t=fill,
 drawtext=fontfile=$bold:text=Shoal:fontsize=104:fontcolor=white:x=80:y=78:shadowcolor=black@0.4:shadowx=3:shadowy=3,
 drawtext=fontfile=$sans:text='live at the edge':fontsize=34:fontcolor=0xBFE3F2:x=88:y=186,
 drawtext=fontfile=$sans:text='test picture  ·  1280 × 720  ·  30 frames/s  ·  48 kHz':fontsize=24:fontcolor=white@0.75:x=80:y=520,
 loop=-1:1[card];
$(fish 96 44 255 176 72)[big];
$(fish 68 32 120 214 236)[mid];
$(fish 46 22 206 236 244)[small];
[big]split=2[b1][b2];
[mid]split=4[m1][m2][m3][m4];
[small]split=5[s1][s2][s3][s4][s5];
color=black:s=180x180:r=30,format=rgba,
 geq=r='if(lt(hypot(X-90,Y-90),14+10*lt(mod(T,1),0.1)),255,120)':
     g='if(lt(hypot(X-90,Y-90),14+10*lt(mod(T,1),0.1)),255,214)':
     b='if(lt(hypot(X-90,Y-90),14+10*lt(mod(T,1),0.1)),255,236)':
     a='if(lt(hypot(X-90,Y-90),14+10*lt(mod(T,1),0.1)),255,
        if(between(hypot(X-90,Y-90),80,86),230,
        if(lt(hypot(X-90,Y-90),74),if(lt(mod(atan2(X-90,90-Y)+2*PI,2*PI),PI*mod(T,2)),150,26),0)))'[dial];
[card][s1]$(swim s1 1 250 0.10 9)[v1];
[v1][s2]$(swim s2 1 284 0.17 7)[v2];
[v2][s3]$(swim s3 1 232 0.22 8)[v3];
[v3][s4]$(swim s4 1 470 0.70 9)[v4];
[v4][s5]$(swim s5 1 448 0.76 7)[v5];
[v5][m1]$(swim m1 1 262 0.30 12)[v6];
[v6][m2]$(swim m2 1 236 0.38 10)[v7];
[v7][m3]$(swim m3 1 462 0.85 12)[v8];
[v8][m4]$(swim m4 2 486 0.45 10)[v9];
[v9][b1]$(swim b1 1 240 0.48 14)[v10];
[v10][b2]$(swim b2 1 452 0.97 14)[v11];
[v11][dial]overlay=x=1020:y=70[v12];
[v12]drawtext=fontfile=$mono:text='%{pts\\:hms}':fontsize=132:fontcolor=white:x=(w-tw)/2:y=312:
  shadowcolor=black@0.5:shadowx=4:shadowy=4,
 trim=end_frame=480,format=yuv420p[video]"

# One soft chime a second: two sines with a quick attack, a decay and silence at the end; an octave higher on every
# fourth. One AAC frame less than 16 s, because the encoder puts one of priming in front.
pitch='(330+330*eq(mod(floor(t),4),0))'
tone="0.16*min(1,mod(t,1)*80)*exp(-5*mod(t,1))*min(1,(1-mod(t,1))*20)*(sin(2*PI*$pitch*t)+0.35*sin(4*PI*$pitch*t))"

ffmpeg -v warning -y \
	-filter_complex "$graph" \
	-f lavfi -i "aevalsrc='$tone':s=48000,aformat=channel_layouts=stereo,atrim=end_sample=766976" \
	-map '[video]' -map 0:a \
	-c:v libx264 -preset veryslow -tune animation -profile:v high -level 3.1 -crf 31 \
	-g 60 -keyint_min 60 -sc_threshold 0 -bf 0 -threads 1 \
	-c:a aac -b:a 48k -ac 2 -ar 48000 \
	-metadata title='Shoal test card' -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
	-flvflags no_duration_filesize -f flv "$out"
