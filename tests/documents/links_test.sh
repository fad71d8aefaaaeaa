#!/usr/bin/env bash
# links_test.sh SOURCE - relative links of all documents lead to files, docs/README.md leads to every page, and examples
# that CONTRIBUTING.md shows are short enough to be read.
set -uo pipefail
cd "$1" || exit 1
fault_count=0
fault() {
  printf 'fault: %s\n' "$*"
  ((++fault_count))
}

mapfile -t documents < <(find README.md CONTRIBUTING.md CHANGELOG.md docs models -name '*.md' | LC_ALL=C sort)
((${#documents[@]} > 20)) || fault "only ${#documents[@]} documents were found"
links=0
for document in "${documents[@]}"; do
  while IFS= read -r target; do
    ((++links))
    file=${target%%#*}
    [[ -z $file || -e $(dirname "$document")/$file ]] || fault "$document: ($target) leads nowhere"
  done < <(sed '/^```/,/^```/d' "$document" | grep -oP '\]\(\K(?!https?:|mailto:)[^) ]+(?=\))')
done
((links > 50)) || fault "only $links links were found"

# The map: whoever starts there finds everything.
for page in $(find docs -name '*.md' ! -path docs/README.md ! -path docs/api.md | LC_ALL=C sort); do
  grep -qF "(${page#docs/})" docs/README.md || fault "docs/README.md does not lead to $page"
done

# What troubleshooting.md explains are messages that there are.
messages=0
while IFS= read -r message; do
  ((++messages))
  grep -rqF --include='*.cpp' --include='*.cmake' --include=bootstrap -e "$message" src apps cmake scripts ||
    fault "docs/guide/troubleshooting.md: no source says '$message'"
done < <(sed -n 's/^| `\([^`]*\)` |.*/\1/p' docs/guide/troubleshooting.md)
((messages > 15)) || fault "only $messages messages were found in docs/guide/troubleshooting.md"

for example in examples/cpp/*; do
  lines=$(wc -l <"$example")
  ((lines < 60)) || fault "$example has $lines lines; expected fewer than 60"
done
((fault_count == 0))
