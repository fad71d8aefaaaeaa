// node build.mjs OUT.html OUT.cpp - bundles the page into one file without a request to anywhere, and the same as C++.
// Run where node_modules/ is (npm ci), with this folder's sources beside this file.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const { build } = createRequire(join(process.cwd(), "package.json"))("esbuild");
const here = dirname(fileURLToPath(import.meta.url));
const [htmlFile, cppFile] = process.argv.slice(2);

const bundle = async (entry) => {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    charset: "ascii",
    format: "iife",
    target: "es2021",
    legalComments: "inline",
    nodePaths: [join(process.cwd(), "node_modules")],
  });
  return result.outputFiles[0].text;
};

// A function as the replacement: "$&" in the scripts must stay as it is.
const put = (page, mark, text) => page.replace(mark, () => text);

let page = readFileSync(join(here, "src", "page.html"), "utf8");
page = put(page, "/*STYLE*/", await bundle("style.css"));
page = put(page, "/*SCRIPT*/", (await bundle("main.js")).replaceAll("</script", "<\\/script"));
writeFileSync(htmlFile, page);

// String literals of at most 8 KB, one after the other: the compiler joins them.
const bytes = Buffer.from(page, "utf8");
const escape = (byte) => {
  const c = String.fromCharCode(byte);
  if (c === "\n") return "\\n";
  if (c === '"' || c === "\\") return "\\" + c;
  if (c === "?") return "\\?"; // no trigraphs
  return byte >= 32 && byte < 127 ? c : "\\" + byte.toString(8).padStart(3, "0");
};
let code = "// Made by web/build.mjs from web/src.\n#include \"page_template.hpp\"\n\nnamespace oneproxy {\n\n";
code += "std::string_view page_template() {\n  static constexpr char text[] =\n";
for (let begin = 0; begin < bytes.length; begin += 8192) {
  let literal = "";
  for (const byte of bytes.subarray(begin, begin + 8192)) literal += escape(byte);
  code += `      "${literal}"\n`;
}
code += "      \"\";\n  return {text, sizeof text - 1};\n}\n\n}  // namespace oneproxy\n";
writeFileSync(cppFile, code);
