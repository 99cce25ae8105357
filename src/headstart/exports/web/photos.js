/* Open photo files as upright pixels. Browsers decode them; some do not apply the EXIF orientation of WebP. */

/* Arguments of transform() that draw stored pixels upright, from their width and height, by EXIF orientation
   (EXIF 2.3, tag 274). */
const TURNS = {
  2: (w, h) => [-1, 0, 0, 1, w, 0],
  3: (w, h) => [-1, 0, 0, -1, w, h],
  4: (w, h) => [1, 0, 0, -1, 0, h],
  5: (w, h) => [0, 1, 1, 0, 0, 0],
  6: (w, h) => [0, 1, -1, 0, h, 0],
  7: (w, h) => [0, -1, -1, 0, h, w],
  8: (w, h) => [0, -1, 1, 0, 0, w],
};
const UPRIGHT = { imageOrientation: "from-image" }; // and in sRGB, if the file has a profile
/* A WebP of 2 by 1 pixels that is 1 by 2 once its orientation is applied */
const TURNED_WEBP = "UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=";

let turning = null;
function turnsWebp() {
  const bytes = Uint8Array.from(atob(TURNED_WEBP), (c) => c.charCodeAt(0));
  turning ??= createImageBitmap(new Blob([bytes]), UPRIGHT).then((probe) => probe.height === 2, () => true);
  return turning;
}

/* Read the orientation of an EXIF block, 1 to 8; 1 if it cannot be read. */
function readExif(view) {
  try {
    const start = view.getUint32(0) === 0x45786966 ? 6 : 0; // some programs write "Exif" first, as in JPEGs
    const little = view.getUint16(start) === 0x4949;
    const first = start + view.getUint32(start + 4, little), n = view.getUint16(first, little);
    for (let at = first + 2; at < first + 2 + 12 * n; at += 12) {
      if (view.getUint16(at, little) !== 0x0112) continue;
      const kind = view.getUint16(at + 2, little); // SHORT; some programs write LONG
      const turn = kind === 3 ? view.getUint16(at + 8, little) : kind === 4 ? view.getUint32(at + 8, little) : 1;
      return turn in TURNS ? turn : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1; // a photo with a broken tag is still shown
}

/* Read the orientation of a WebP from its chunks (RFC 9649, section 2.7); 1 for any other file. */
async function readWebpOrientation(file) {
  const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  if (!head.startsWith("RIFF") || !head.endsWith("WEBP")) return 1;
  const bytes = await file.arrayBuffer(), view = new DataView(bytes);
  for (let at = 12; at + 8 <= bytes.byteLength;) {
    const size = view.getUint32(at + 4, true);
    const here = Math.min(size, bytes.byteLength - at - 8);
    if (view.getUint32(at) === 0x45584946) return readExif(new DataView(bytes, at + 8, here)); // "EXIF"
    at += 8 + size + (size & 1);
  }
  return 1;
}

/* Decode a photo file. Width and height are those of the upright photo; close() frees its memory. */
async function openPhoto(file) {
  const bitmap = await createImageBitmap(file, UPRIGHT);
  const stored = await readWebpOrientation(file);
  const turn = stored > 1 && !(await turnsWebp()) ? stored : 1;
  const { width, height } = bitmap, isOnEnd = turn > 4;
  return {
    width: isOnEnd ? height : width, height: isOnEnd ? width : height, close: () => bitmap.close(),
    draw(context, scale) {
      context.setTransform(scale, 0, 0, scale, 0, 0);
      if (turn > 1) context.transform(...TURNS[turn](width, height));
      context.drawImage(bitmap, 0, 0);
    },
  };
}
