#!/usr/bin/env bash
# snippets_test.sh SOURCE README_PROGRAM [PYTHON MODULE_FOLDER] - runs the C++ and Python blocks of the documents. The shell
# blocks are run by tests/cli/readme_test.cpp.
set -uo pipefail
source=$1 program=$2 python=${3:-} module=${4:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fault_count=0
fault() {
  printf 'fault: %s\n' "$*"
  ((++fault_count))
}

# What the snippets read: models/ and 40 latencies of a board.
ln -s "$source/models" "$work/models"
grep -v '^# \(device\|machine\)' "$source/models/fashion_mnist/latency/onnxruntime.csv" | head -n 43 >"$work/board.csv"
cd "$work" || exit 1

# blocks LANGUAGE FILE: the fenced blocks, in their order.
blocks() { sed -n '/^```'"$1"'$/,/^```$/{/^```/d;p}' "$2"; }

# C++: compiled as a part of examples/cpp/readme.cpp.
lines=0
while IFS= read -r line; do
  ((++lines))
  grep -qF -e "  $line" "$source/examples/cpp/readme.cpp" || fault "README.md: examples/cpp/readme.cpp lacks '$line'"
done < <(blocks cpp "$source/README.md")
((lines >= 5)) || fault "README.md has no C++ block"
others=$(grep -lx '```cpp' "$source"/docs/*.md "$source"/docs/*/*.md "$source"/CONTRIBUTING.md)
[[ -z $others ]] || fault "C++ blocks that nothing compiles: $others"
"$program" || fault "the C++ lines of README.md fail"
[[ -s board.json ]] || fault "the C++ lines of README.md write no board.json"

# Python.
if [[ -n $python ]]; then
  rm -f board.json
  for document in "$source"/README.md "$source"/docs/guide/*.md; do
    grep -qx '```python' "$document" || continue
    blocks python "$document" >block.py
    PYTHONPATH=$module "$python" block.py >out 2>&1 || fault "$document: $(tail -n 1 out)"
  done
  [[ -s board.json ]] || fault "the Python lines of README.md write no board.json"
fi
((fault_count == 0))
