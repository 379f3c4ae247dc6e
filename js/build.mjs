// One self-contained module per view: the bundle's text travels with every widget, so a view carries only its own code.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "innerview", "static");
const widgets = join(here, "src", "widgets");
mkdirSync(out, { recursive: true });

const options = {
  entryPoints: [
    ...readdirSync(widgets).map((file) => join(widgets, file)),
    { in: join(here, "src", "style.css"), out: "style" },
  ].map((entry) => (typeof entry === "string" ? { in: entry, out: basename(entry, ".ts") } : entry)),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !process.argv.includes("--watch"),
  legalComments: "none",
  // regl's main file checks each call of each frame, with the words for every mistake; its own minified file does not.
  alias: { regl: join(here, "node_modules", "regl", "dist", "regl.unchecked.js") },
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
  for (const file of readdirSync(out)) {
    const size = gzipSync(readFileSync(join(out, file))).length;
    console.log(`${file.padEnd(24)} ${(size / 1000).toFixed(1).padStart(7)} kB gzipped`);
  }
}
