// Builds the pages: ui (TypeScript, CSS, HTML, words) becomes dist, which the binary embeds.
//
//   node build.mjs           writes dist
//   node build.mjs --check   builds in memory and fails if dist is not the same
//
// The same source and the same package-lock.json give the same content, on any machine. Files are compared unpacked,
// because zlib's output differs between processors.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const languages = ["en", "fr"];
const pages = [
  ...["home", "watch", "embed", "channel", "about", "notfound", "login", "setup"],
  ...["studio", "live", "videos", "video", "account"],
  ...["users", "limits", "storage", "instance"],
];

/** What is bundled, and so has to be named, with the texts of its licence: packages mostly refer to them only. */
const texts = {
  "hls.js": ["node_modules/hls.js/LICENSE", "licences/in-hls.js.txt", "licences/apache-2.0.txt"],
  "qrcode-generator": ["licences/qrcode-generator.txt"],
};

async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [...pages.map((p) => `ui/pages/${p}.ts`), "ui/style/style.css", "ui/style/icon.svg"],
    outdir: "dist/assets",
    entryNames: "[name]-[hash]",
    chunkNames: "shared-[hash]",
    loader: { ".svg": "copy" },
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    // Chrome 111, Safari 16.4 and Firefox 114 are of 2023.
    target: ["es2022", "chrome111", "firefox114", "safari16.4"],
    charset: "utf8",
    legalComments: "none", // third-party.txt has them, in full
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  return result;
}

/** Fails for a package that was bundled without being named. */
async function thirdParty(inputs) {
  const found = Object.keys(inputs).flatMap((i) => i.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []);
  for (const name of new Set(found)) {
    if (!texts[name]) throw new Error(`${name} is bundled: put its licence into licences and name it in build.mjs`);
  }
  const parts = [];
  for (const [name, files] of Object.entries(texts)) {
    const { version, license } = JSON.parse(await readFile(join(here, "node_modules", name, "package.json"), "utf8"));
    const licences = await Promise.all(files.map((f) => readFile(join(here, f), "utf8")));
    parts.push(`${name} ${version}\nLicence: ${license}\n\n${licences.map((l) => l.trimEnd()).join("\n\n")}\n`);
  }
  return "The pages of Shoal contain the following works of others.\n\n" + parts.join(`\n${"-".repeat(78)}\n\n`);
}

/** A page's HTML with its partial files in it. */
async function markup(name) {
  const read = (file) => readFile(join(here, "ui/html", `${file}.html`), "utf8");
  let html = await read(name);
  for (const [tag, part] of html.matchAll(/<!-- include (\w+) -->\n/g)) html = html.replace(tag, await read(part));
  return html;
}

/** All words of a language, whatever the area. */
async function wordsOf(lang) {
  const areas = (await readdir(join(here, "ui/locales", lang))).sort();
  const files = await Promise.all(areas.map((a) => readFile(join(here, "ui/locales", lang, a), "utf8")));
  return Object.assign({}, ...files.map((f) => JSON.parse(f)));
}

/** Fails for a page that shows words without bringing them in: they would be missing when another language is chosen. */
async function checkWords(inputs) {
  const en = await wordsOf("en");
  for (const page of pages) {
    const reached = new Set();
    const reach = (path) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const i of inputs[path]?.imports ?? []) reach(i.path);
    };
    reach(`ui/pages/${page}.ts`);
    const brought = {};
    let source = await markup(page);
    for (const path of reached) {
      if (/^ui\/locales\/en\//.test(path)) Object.assign(brought, JSON.parse(await readFile(join(here, path), "utf8")));
      else if (/^ui\/.*\.ts$/.test(path)) source += await readFile(join(here, path), "utf8");
    }
    for (const key of Object.keys(en)) {
      if (source.includes(`"${key}"`) && !Object.hasOwn(brought, key)) throw new Error(`the page "${page}" uses "${key}" without importing its words`);
    }
  }
}

/** Puts partial files, addresses and words into a page. */
async function page(name, lang, words, assetOf, scriptsOf) {
  let html = await markup(name);
  html = html.replace(/<!-- script (\S+) -->/, (_, entry) => scriptsOf(entry));
  html = html.replaceAll("{{lang}}", lang).replace(/\{\{asset:([^}]+)\}\}/g, (_, entry) => assetOf(entry));
  const word = (key) => {
    if (!Object.hasOwn(words, key)) throw new Error(`${name}.html: locales/${lang}.json has no "${key}"`);
    return words[key].replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
  };
  html = html.replace(/(<([a-z0-9]+)[^>]*? data-t="([^"]+)"[^>]*>)(<\/\2>)/g, (_, open, tag, key, close) => open + word(key) + close);
  return html.replace(/ data-t-label="([^"]+)"/g, (all, key) => `${all} aria-label="${word(key)}"`);
}

async function make() {
  const { outputFiles, metafile } = await bundle();
  const files = new Map(outputFiles.map((f) => [relative(dist, f.path), Buffer.from(f.contents)]));
  const outputs = Object.entries(metafile.outputs).map(([path, o]) => ({ ...o, path: path.replace(/^dist\//, "") }));
  const outputOf = (entry) => {
    const found = outputs.find((o) => o.entryPoint === entry && !o.path.endsWith(".map"));
    if (!found) throw new Error(`nothing was built from ${entry}`);
    return found;
  };
  await checkWords(metafile.inputs);
  const notices = await thirdParty(metafile.inputs);
  const noticesName = `assets/third-party-${createHash("sha256").update(notices).digest("hex").slice(0, 8).toUpperCase()}.txt`;
  files.set(noticesName, Buffer.from(notices));

  const assetOf = (entry) => "/" + (entry === "third-party.txt" ? noticesName : outputOf(entry).path);
  const scriptsOf = (entry) => {
    const main = outputOf(entry);
    // What the script imports at once is asked for beside it, not after it.
    const shared = main.imports.filter((i) => i.kind === "import-statement").map((i) => i.path.replace(/^dist/, ""));
    return [`<script type="module" src="/${main.path}"></script>`, ...shared.map((s) => `<link rel="modulepreload" href="${s}">`)].join("\n");
  };
  for (const lang of languages) {
    const words = await wordsOf(lang);
    for (const p of pages) files.set(`${lang}/${p}.html`, Buffer.from(await page(p, lang, words, assetOf, scriptsOf)));
  }
  return files;
}

async function existing() {
  const files = new Map();
  for (const entry of await readdir(dist, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    files.set(relative(dist, path).replace(/\.gz$/, ""), gunzipSync(await readFile(path)));
  }
  return files;
}

function differences(built, there) {
  const names = new Set([...built.keys(), ...there.keys()]);
  return [...names].filter((n) => !built.get(n)?.equals(there.get(n) ?? Buffer.alloc(0))).sort();
}

const built = await make();
const differ = differences(built, await existing());
if (process.argv.includes("--check")) {
  if (differ.length > 0) {
    console.error(`dist does not belong to ui: ${differ.join(", ")}\nRun "npm ci && npm run build" in internal/web and commit dist.`);
    process.exit(1);
  }
  console.log(`dist belongs to ui: ${built.size} files`);
} else if (differ.length > 0) {
  await rm(dist, { recursive: true, force: true });
  for (const [name, content] of built) {
    const path = join(dist, `${name}.gz`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, gzipSync(content, { level: 9 }));
  }
  for (const [name, content] of [...built].sort()) {
    console.log(`${String(content.length).padStart(8)} ${String(gzipSync(content, { level: 9 }).length).padStart(7)}  ${name}`);
  }
}
