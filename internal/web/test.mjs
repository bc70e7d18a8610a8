// Runs the unit tests of the pages' pure logic with node's own test runner: each *.test.ts is bundled and run.
import { build } from "esbuild";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const ui = join(here, "ui");
const tests = (await readdir(ui, { recursive: true })).filter((f) => f.endsWith(".test.ts"));
// Inside node_modules, which is ignored by git, and from where packages are found.
const out = await mkdtemp(join(here, "node_modules", ".tests-"));
try {
  await build({
    entryPoints: tests.map((t) => join(ui, t)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const built = (await readdir(out, { recursive: true })).filter((f) => f.endsWith(".mjs")).map((f) => join(out, f));
  const env = { ...process.env, SHOAL_UI: ui };
  const run = spawn(process.execPath, ["--enable-source-maps", "--test", ...built], { stdio: "inherit", env });
  process.exitCode = await new Promise((resolve) => run.on("close", resolve));
} finally {
  await rm(out, { recursive: true, force: true });
}
