// Runs the published graph in TensorFlow.js (WebAssembly), so that the converted one can be compared with it.
// usage: node run.cjs MODEL.json MODEL.bin INPUT.f32 SIDE_PX OUT_FOLDER
// INPUT.f32: float32 little-endian [n, SIDE_PX, SIDE_PX, 3], RGB in 0..255.
// Writes keypoints.f32 and wh.f32, [n, SIDE_PX/4, SIDE_PX/4, 80 and 4], and detections.f32, [n, 100, 6] with
// x1, y1, x2, y2 in pixels, score, class; prints the runtime's name and version.
const fs = require("node:fs");
const path = require("node:path");
const tf = require("@tensorflow/tfjs-core");
const { loadGraphModel } = require("@tensorflow/tfjs-converter");
const wasm = require("@tensorflow/tfjs-backend-wasm");

const floats = (file) => {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};

const write = (file, parts) => {
  fs.writeFileSync(file, Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))));
};

async function main([topology, weights, input, sideText, out]) {
  wasm.setWasmPaths(path.join(path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
  await tf.setBackend("wasm");
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(topology, "utf8"));
  const bytes = fs.readFileSync(weights);
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    }),
  );
  const side = Number(sideText);
  const pixels = floats(input);
  const perPicture = side * side * 3;
  const outputs = { keypoints: [], wh: [], detections: [] };
  for (let at = 0; at < pixels.length; at += perPicture) {
    const picture = tf.tensor4d(pixels.subarray(at, at + perPicture), [1, side, side, 3]);
    const tensors = model.execute(picture, Object.keys(outputs).map((name) => `tower_0/${name}`));
    for (const [index, parts] of Object.values(outputs).entries()) parts.push(await tensors[index].data());
    tf.dispose([picture, ...tensors]);
  }
  for (const [name, parts] of Object.entries(outputs)) write(path.join(out, `${name}.f32`), parts);
  console.log(`${tf.getBackend()} ${tf.version_core}`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
