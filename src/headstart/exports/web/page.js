/* The exported page, which contains the model and its runtime. */

const SHARPNESS = -0.5; // a of the cubic kernel: Catmull-Rom, as in Headstart's resizing
/* The smallest program with a WebAssembly SIMD instruction: the runtime does not start without SIMD. */
const SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);
let session = null;

async function unpack(id) {
  const text = $(id).textContent;
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  $(id).remove(); // frees its memory
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function start() {
  if (typeof DecompressionStream === "undefined" || !WebAssembly.validate(SIMD)) {
    const needed = "Chrome or Edge 97, Firefox 113, Safari 16.4, or newer";
    throw new Error(`this browser is too old, or its WebAssembly is off. Open the page in ${needed}`);
  }
  const loader = new Blob([atob($("loader").textContent)], { type: "text/javascript" });
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: URL.createObjectURL(loader) };
  ort.env.wasm.wasmBinary = (await unpack("wasm")).buffer;
  ort.env.logLevel = "error";
  session = await ort.InferenceSession.create(await unpack("model"), { executionProviders: ["wasm"] });
  await predict(new Uint8Array(about.size * about.size * 3)); // warm-up: the first prediction takes longer
  setReady();
  if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia) $("camera").hidden = false;
}

/* The weights that resize a row of pixels, by the rule of Headstart's resizing. Each set sums to 1. */
function makeWeights(nIn, nOut) {
  const scale = nIn / nOut, reach = Math.max(scale, 1), a = SHARPNESS;
  return Array.from({ length: nOut }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - 2 * reach)), last = Math.min(nIn, Math.ceil(centre + 2 * reach));
    const weights = new Float64Array(last - first);
    let sum = 0;
    for (let j = first; j < last; j++) {
      const x = Math.abs((j + 0.5 - centre) / reach);
      const w = x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
      weights[j - first] = w;
      sum += w;
    }
    return { first, weights: weights.map((w) => w / sum) };
  });
}

/* Resize RGBA to a square of RGB: in height, then in width, rounded after each (a clamped array rounds by itself). */
function resize(rgba, width, height, size) {
  const flat = new Uint8ClampedArray(size * width * 3), row = new Float64Array(width * 3);
  makeWeights(height, size).forEach(({ first, weights }, y) => {
    row.fill(0);
    weights.forEach((w, k) => {
      let from = (first + k) * width * 4;
      for (let at = 0; at < width * 3; at += 3, from += 4) {
        row[at] += w * rgba[from];
        row[at + 1] += w * rgba[from + 1];
        row[at + 2] += w * rgba[from + 2];
      }
    });
    flat.set(row, y * width * 3);
  });
  const square = new Uint8ClampedArray(size * size * 3);
  makeWeights(width, size).forEach(({ first, weights }, x) => {
    for (let y = 0; y < size; y++) {
      let r = 0, g = 0, b = 0, from = (y * width + first) * 3;
      for (let k = 0; k < weights.length; k++, from += 3) {
        const w = weights[k];
        r += w * flat[from];
        g += w * flat[from + 1];
        b += w * flat[from + 2];
      }
      const to = (y * size + x) * 3;
      square[to] = r;
      square[to + 1] = g;
      square[to + 2] = b;
    }
  });
  return new Uint8Array(square.buffer);
}

let canvas = document.createElement("canvas"); // one for all photos: phones have memory for few

/* Read the pixels of a photo or of a camera frame, upright and on white. */
function readPixels(width, height, draw) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let data = null;
  if (context) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    draw(context);
    try { data = context.getImageData(0, 0, width, height).data; } catch { /* handled below */ }
  }
  // on white no pixel is transparent; a canvas too large for the browser is transparent and black
  if (!data || data[3] !== 255 || data[data.length - 1] !== 255) {
    canvas = document.createElement("canvas"); // in Chromium a canvas that was too large stays blank
    const sentence = `Too large for this browser: ${width} by ${height} pixels. Make the photo smaller.`;
    throw Object.assign(new Error(sentence), { sentence });
  }
  return resize(data, width, height, about.size);
}

async function predict(pixels) {
  const input = new ort.Tensor("uint8", pixels, [1, about.size, about.size, 3]);
  const { probabilities, novelty } = await session.run({ pixels: input });
  if (![...probabilities.data, ...(novelty ? novelty.data : [])].every(Number.isFinite)) {
    const sentence = "the classifier is damaged, and its answers are no numbers. Export it again";
    throw Object.assign(new Error(sentence), { sentence: `Not classified: ${sentence}.` });
  }
  return { probabilities: Array.from(probabilities.data), novelty: novelty ? novelty.data[0] : null };
}

async function predictFile(file, photo) {
  if (!photo) throw new Error("it was not decoded");
  const pixels = readPixels(photo.width, photo.height, (context) => photo.draw(context, 1));
  Object.assign(canvas, { width: 0, height: 0 }); // a phone's photo is 50 MB
  const found = await predict(pixels);
  drift.add(judge(found).label, found.novelty); // not the frames of the camera, which show the same again and again
  return found;
}

let drift = new DriftWatch(about.drift, about.refusedShare);

function showDrift() {
  writeDrift(drift.nPhotos ? drift.say() : "", drift.isDrifting);
}

function saveDrift() {
  const link = makeElement("a"), text = `${JSON.stringify(drift.describe(), null, 2)}\n`;
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `${about.name} drift.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function watch() {
  const video = $("video"), live = $("live");
  if (video.srcObject) {
    video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    live.hidden = true;
    $("camera").textContent = "Use the camera";
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    $("status").textContent = `The camera cannot be used: ${error.message}.`;
    return;
  }
  $("camera").textContent = "Stop the camera";
  live.hidden = false;
  await video.play();
  while (video.srcObject) {
    if (video.videoWidth) {
      const found = judge(await predict(
        readPixels(video.videoWidth, video.videoHeight, (context) => context.drawImage(video, 0, 0)),
      ));
      drawAnswer(live.querySelector(".bars"), found);
      noteAnswer(live, found);
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

$("camera").addEventListener("click", watch);
$("save").addEventListener("click", saveDrift);
$("clear").addEventListener("click", () => {
  drift = new DriftWatch(about.drift, about.refusedShare);
  showDrift();
});

start().catch((error) => {
  console.error(error);
  document.body.dataset.state = "failed";
  $("status").textContent = `The model cannot be loaded: ${error.message}.`;
});
