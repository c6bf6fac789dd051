/** Makes small pictures (WebP) of large ones: of what runs made, and of drawings. */

const [WIDTH, HEIGHT] = [320, 240]; // as the cards that show them
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

/** isCut: it fills the small picture; else it stands in it whole. */
async function small(url: string, isCut: boolean): Promise<Blob> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const choose = isCut ? Math.max : Math.min;
  const scale = choose(canvas.width / width, canvas.height / height);
  const [x, y] = [(canvas.width - width * scale) / 2, (canvas.height - height * scale) / 2];
  canvas.getContext('2d')?.drawImage(image, x, y, width * scale, height * scale);
  return new Promise((resolve, reject) => {
    const take = (blob: Blob | null): void =>
      blob === null ? reject(new Error('The picture cannot be made smaller.')) : resolve(blob);
    canvas.toBlob(take, 'image/webp', QUALITY);
  });
}
