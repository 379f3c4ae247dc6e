// What a page needs, in files: the widget that Jupyter loads; a module for each view, with what several of them share
// split off; the style sheet. All but the first are named by their content, so that a page fetches each of them once.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "src");
const out = join(here, "..", "src", "innerview", "static");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const options = {
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !process.argv.includes("--watch"),
  legalComments: "none",
};

// The kernel finds a module's file by its name.
const manifest = {
  name: "manifest",
  setup(build) {
    build.onEnd(({ metafile }) => {
      const files = Object.entries(metafile?.outputs ?? {}).filter(([, made]) => made.entryPoint);
      const named = files.map(([file, { entryPoint }]) => [basename(entryPoint).replace(/\.\w+$/, ""), basename(file)]);
      writeFileSync(join(out, "manifest.json"), JSON.stringify(Object.fromEntries(named)));
    });
  },
};

const builds = [
  { ...options, entryPoints: [join(source, "widget.ts")] },
  {
    ...options,
    entryPoints: [
      ...readdirSync(join(source, "views")).map((file) => join(source, "views", file)),
      join(source, "style.css"),
    ],
    entryNames: "[name]-[hash]",
    chunkNames: "shared-[hash]",
    splitting: true,
    metafile: true,
    // regl's main file checks each call of each frame, with the words for every mistake; its own minified file does not.
    alias: { regl: join(here, "node_modules", "regl", "dist", "regl.unchecked.js") },
    plugins: [manifest],
  },
];

if (process.argv.includes("--watch")) {
  for (const one of builds) await (await esbuild.context(one)).watch();
} else {
  for (const one of builds) await esbuild.build(one);
  let all = 0;
  for (const file of readdirSync(out)) {
    const size = gzipSync(readFileSync(join(out, file))).length;
    all += size;
    console.log(`${file.padEnd(36)} ${(size / 1000).toFixed(1).padStart(7)} kB gzipped`);
  }
  console.log(`${"all".padEnd(36)} ${(all / 1000).toFixed(1).padStart(7)} kB gzipped`);
}
