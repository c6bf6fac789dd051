/** Makes small pictures (WebP) of large ones: of what runs made, and of drawings. */

const SIDE = 320;
const QUALITY = 0.82;

/** Return a picture, made smaller; an error if it cannot be loaded. */
export function smallPicture(url: string): Promise<Blob> {
  return small(url, true);
}

/** Return a drawing (SVG), whole. */
export async function smallDrawing(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    return await small(url, false);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** isCut: the middle of it as a square; else all of it. */
async function small(url: string, isCut: boolean): Promise<Blob> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const choose = isCut ? Math.min : Math.max;
  const scale = SIDE / choose(width, height);
  const canvas = document.createElement('canvas');
  canvas.width = isCut ? SIDE : Math.max(1, Math.round(width * scale));
  canvas.height = isCut ? SIDE : Math.max(1, Math.round(height * scale));
  const [x, y] = [(canvas.width - width * scale) / 2, (canvas.height - height * scale) / 2];
  canvas.getContext('2d')?.drawImage(image, x, y, width * scale, height * scale);
  return new Promise((resolve, reject) => {
    const take = (blob: Blob | null): void =>
      blob === null ? reject(new Error('The picture cannot be made smaller.')) : resolve(blob);
    canvas.toBlob(take, 'image/webp', QUALITY);
  });
}
