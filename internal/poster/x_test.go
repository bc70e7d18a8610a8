package poster
import ("testing";"os";"context";"os/exec";"bytes";"time")
func TestX(t *testing.T){
 for n,s:=range map[string][2]string{"a":{"Concert in the park","Venue channel"},"b":{"A very long name of a live stream that goes on and on, with a Donaudampfschifffahrtsgesellschaftskapitänswitwe in it and still does not end here at all, really","Some channel of somebody"},"c":{"東京 ライブ","Каналъ"},"d":{"東京","東京"},"e":{"Привет, мир — ΑΒΓ & Łódź","été"}} {
  k,err:=Card(s[0],s[1]); if err!=nil{t.Fatal(err)}
  os.WriteFile("/tmp/card-"+n+".jpg",k.Preview,0o644); os.WriteFile("/tmp/card-"+n+"-m.jpg",k.Miniature,0o644)
 }
 for _,sz:=range []string{"1920x1080","3840x2160","1080x1920","320x180"} {
 out,err:=exec.Command("ffmpeg","-v","error","-f","lavfi","-i","testsrc2=size="+sz+":rate=25","-t","0.5","-c:v","libx264","-preset","ultrafast","-pix_fmt","yuv420p","-refs","4","-movflags","empty_moov+default_base_moof+frag_keyframe","-f","mp4","pipe:1").Output()
 if err!=nil{t.Fatal(err)}
 at:=bytes.Index(out,[]byte("moof"))-4
 b:=time.Now()
 s,err:=FromSegment(context.Background(),out[:at],out[at:])
 t.Log(sz,err,len(s.Preview),time.Since(b))
 os.WriteFile("/tmp/seg-"+sz+".jpg",s.Preview,0o644)
 }
}
