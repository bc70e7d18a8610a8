// The light build of hls.js has the types of the whole, but for what it leaves out (subtitles, other audio, DRM).
declare module "hls.js/light" {
  export { default, ErrorDetails, ErrorTypes, Events } from "hls.js";
  export type * from "hls.js";
}
