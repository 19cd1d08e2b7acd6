// Sends a file with tus-js-client, as a browser or a ground station would; one JSON line says how it went.
//   node send.mjs URL FILE '{"headers": {...}, "metadata": {...}, "chunkSize": N, "parallelUploads": N, "stopAfter": N}'
// With "stopAfter" it gives up there, prints the upload's address, and a second run with "uploadUrl" goes on.
import { createReadStream, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [endpoint, file, text] = process.argv.slice(2);
const { stopAfter, ...options } = JSON.parse(text);
const require = createRequire(join(process.env.TUS_CLIENT_FOLDER, 'package.json'));
const { Upload } = require('tus-js-client');

const sent = [];
const told = await new Promise((resolve) => {
  const upload = new Upload(createReadStream(file), {
    endpoint,
    ...(options.parallelUploads ? {} : { uploadSize: statSync(file).size }),
    retryDelays: [0, 200, 500, 1000],
    ...options,
    onAfterResponse: (request, response) => sent.push([request.getMethod(), response.getStatus()]),
    onChunkComplete: (_, accepted) => {
      if (stopAfter !== undefined && accepted >= stopAfter) {
        upload.abort().then(() => resolve({ stopped: accepted }));
      }
    },
    onSuccess: () => resolve({ done: true }),
    onError: (error) => resolve({ error: String(error), status: error.originalResponse?.getStatus() }),
  });
  upload.start();
  globalThis.upload = upload;
});
console.log(JSON.stringify({ ...told, url: globalThis.upload.url, sent }));
process.exit(0);
