// Runs a test program that was built for wasm32-wasip1: `node run.mjs program.wasm arguments`.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [, , program, ...args] = process.argv;
const wasi = new WASI({
  version: "preview1",
  args: [program, ...args],
  env: process.env,
  preopens: { "/": "/" },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
// The process ends here itself: node may crash while it takes the instance down.
process.exit(wasi.start(instance));
