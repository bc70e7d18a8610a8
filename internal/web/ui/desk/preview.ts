// Preview shows the organizer what viewers see, without sound, and gives the live a poster where nobody else does: a frame
// of what is played here. It is loaded when there is something to see.
import { isPoster, type Live } from "../api/lives.ts";
import { putPoster } from "../api/videos.ts";
import { el } from "../dom.ts";
import { Player } from "../player/player.ts";
import { Stage } from "../player/stage.ts";

/** How long a picture must have been playing before it is taken, in s: a live begins with a test card, or black. */
const settled = 5;

/** After so many pictures with nothing in them the live has none. */
const mostTries = 6;

/** The poster's largest width, in pixels. */
const mostWidth = 1280;

export class Preview {
  private readonly video = el("video", { playsinline: true, preload: "auto" });
  private session = "";
  private tries = 0;
  private wanted = false;
  private live: Live | undefined;

  constructor(
    place: HTMLElement,
    private readonly ref: string,
  ) {
    this.video.muted = true;
    new Stage(place, new Player(this.video, ref, true));
    setInterval(() => void this.look(), settled * 1000);
  }

  /** @param session of the broadcast; each may give one poster */
  show(live: Live, session: string): void {
    this.live = live;
    if (session === this.session) return;
    this.session = session;
    this.tries = 0;
    this.wanted = session !== "";
  }

  private async look(): Promise<void> {
    const { video, live } = this;
    if (!this.wanted || !live || isPoster(live.poster) || video.paused || video.videoWidth === 0 || video.played.length === 0) return;
    if (video.played.end(video.played.length - 1) - video.played.start(0) < settled - 1) return;
    const picture = draw(video);
    if (!picture || ++this.tries > mostTries) {
      this.wanted = this.tries <= mostTries;
      return;
    }
    if (plain(picture)) return;
    this.wanted = false;
    const jpeg = await new Promise<Blob | null>((done) => picture.toBlob(done, "image/jpeg", 0.85));
    if (jpeg) await putPoster(this.ref, jpeg, true).catch(() => undefined); // the drawn card stays
  }
}

function draw(video: HTMLVideoElement): HTMLCanvasElement | undefined {
  const scale = Math.min(1, mostWidth / video.videoWidth);
  const canvas = el("canvas", { width: String(Math.round(video.videoWidth * scale)), height: String(Math.round(video.videoHeight * scale)) });
  const context = canvas.getContext("2d");
  context?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return context ? canvas : undefined;
}

/** Says that there is next to nothing in a picture: black, or one colour. */
function plain(picture: HTMLCanvasElement): boolean {
  const small = el("canvas", { width: "32", height: "18" });
  const context = small.getContext("2d");
  if (!context) return false;
  context.drawImage(picture, 0, 0, small.width, small.height);
  const { data } = context.getImageData(0, 0, small.width, small.height);
  let [least, most] = [255, 0];
  for (let i = 0; i < data.length; i += 4) {
    const light = (2 * data[i]! + 5 * data[i + 1]! + data[i + 2]!) / 8;
    least = Math.min(least, light);
    most = Math.max(most, light);
  }
  return most - least < 24;
}
