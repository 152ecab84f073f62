// Runs a test program that was built for wasm32-wasip1: `node run.mjs program.wasm arguments`.
//
// In a process of its own, since node 20 may crash while it takes the instance down: the tests' own last
// line then says how they ended. Without that line a crash is a failure.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [node, self, program, ...args] = process.argv;
if (process.env.WASM_CHILD === undefined) {
  const child = spawnSync(node, ["--no-warnings", self, program, ...args], {
    stdio: ["inherit", "pipe", "inherit"],
    env: { ...process.env, WASM_CHILD: "1" },
    maxBuffer: 1 << 28,
  });
  process.stdout.write(child.stdout);
  const passed = /^test result: ok\./m.test(child.stdout.toString());
  process.exitCode = child.signal !== null && passed ? 0 : (child.status ?? 1);
} else {
  const wasi = new WASI({
    version: "preview1",
    args: [program, ...args],
    env: process.env,
    preopens: { "/": "/" },
    returnOnExit: true,
  });
  const module = await WebAssembly.compile(await readFile(program));
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  process.exit(wasi.start(instance));
}
