/** What a video shows now, for when its connection is gone: Chromium then shows nothing. null: it shows nothing yet. */
export function pictureOf(video: HTMLVideoElement): ImageBitmap | null {
  const { videoWidth: width_px, videoHeight: height_px } = video;
  if (!width_px || !height_px) return null;
  const canvas = new OffscreenCanvas(width_px, height_px);
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return canvas.transferToImageBitmap();
}

/** Puts it on a canvas of its own size. */
export const painted =
  (picture: ImageBitmap) =>
  (canvas: HTMLCanvasElement): void => {
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext('2d')?.drawImage(picture, 0, 0);
  };
