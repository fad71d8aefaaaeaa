#!/usr/bin/env bash
# install_test.sh SOURCE BUILD - installs BUILD into a prefix, moves it, builds examples/cpp against it, and runs both.
set -euo pipefail
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --prefix "$folder/first" >"$folder/log"
mv "$folder/first" "$folder/prefix" # relocatable: nothing in it knows where it was installed
# Binaries as well: no path of the build may be in them.
grep -rlF -e "$source" -e "$folder" "$folder/prefix/lib" "$folder/prefix/bin" "$folder/prefix/include" && {
  echo "these files name the folder of the build" >&2
  exit 1
}
env -u ONEPROXY_MODELS "$folder/prefix/bin/oneproxy" proxy list >/dev/null
cmake -S "$source/examples/cpp" -B "$folder/example" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_BUILD_TYPE=Release \
>"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
cmake --build "$folder/example" >"$folder/log" 2>&1 || { tail -40 "$folder/log"; exit 1; }
models=$folder/prefix/share/oneproxy/models/fashion_mnist
"$folder/example/own_space" "$folder/own.onnx" | grep -q FLOPs
said=$("$folder/example/few_shot" "$models/proxies/onednn-avx2.json" "$models/latency/xnnpack.csv" xnnpack)
echo "$said"
[[ $said == *after* ]]

# What it was linked with, and whose code that is.
documents=$folder/prefix/share/doc/oneproxy
grep -qP '^libdnnl' "$documents/linked-libraries.tsv"
[[ -s $documents/third_party.md && -s $documents/LICENSE ]]

# The Python module, where it was built: as installed, and as a wheel that pip installs.
python=$(sed -n 's/^Python_EXECUTABLE:[^=]*=//p' "$build/CMakeCache.txt")
installed=$(find "$folder/prefix/lib" -path '*-packages/oneproxy' -type d)
if [[ -n $installed ]]; then
  say='import oneproxy; print(oneproxy.Space("mobilenet_v2").feature_count)'
  [[ $(PYTHONPATH=${installed%/oneproxy} "$python" -c "$say") == 190 ]]
  if "$python" -c 'import wheel, pip' 2>/dev/null; then
    wheel=$("$source/scripts/wheel" "$build" "$folder")
    "$python" -m pip install --quiet --no-index --no-deps --no-warn-script-location --target "$folder/site" "$wheel" 2>"$folder/log" ||
      { cat "$folder/log"; exit 1; }
    [[ $(PYTHONPATH=$folder/site "$python" -c "$say") == 190 ]]
    [[ $(PYTHONPATH=$folder/site "$python" -c 'from importlib.metadata import version; print(version("oneproxy"))') == "$(sed -n 's/^ONEPROXY_VERSION:[^=]*=//p' "$build/CMakeCache.txt")" ]]
  fi
fi
