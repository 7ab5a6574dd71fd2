// A photo made small on the device: a weak line takes minutes for a whole one, and what the file says beside its pixels
// does not leave the device. The server does the same again, whoever sends.

const SIDE_PX = 1600;
const QUALITY = 0.8;
const BYTES_MAX = 8 * 2 ** 20;
const TYPES = ["image/jpeg", "image/png", "image/webp"];

/** {blob, width, height}; width and height null: it is sent as it is. Null: this is no photo that can be sent. */
export async function smallPhoto(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return TYPES.includes(file.type) && file.size <= BYTES_MAX ? { blob: file, width: null, height: null } : null;
  }
  const scale = Math.min(1, SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  return blob ? { blob, width: canvas.width, height: canvas.height } : null;
}
