// Pictures that people choose become posters: not larger than needed, and without what a camera writes into its files
// (where and when they were taken).
import { el } from "./dom.ts";

const mostWidth = 1920;

/** Throws if the browser cannot read the file as a picture. */
export async function poster(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, mostWidth / picture.width);
  const canvas = el("canvas", { width: String(Math.max(1, Math.round(picture.width * scale))), height: String(Math.max(1, Math.round(picture.height * scale))) });
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done, fail) => canvas.toBlob((b) => (b ? done(b) : fail(new Error("no JPEG"))), "image/jpeg", 0.88));
}
