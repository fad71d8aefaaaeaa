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
said=$("$folder/example/few_shot" "$models/proxies/onednn-avx512.json" "$models/latency/onnxruntime.csv" onnxruntime)
echo "$said"
[[ $said == *after* ]]
