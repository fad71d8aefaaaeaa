#!/usr/bin/env bash
# tests/web/run.sh TEST_FILE PROGRAM FOLDER - runs one file of tests of the report's page; 77: skipped, with a word.
# FOLDER gets the packages of package-lock.json here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
test_file=$1 program=$2 folder=$3

skip() {
  echo "skipped: $*"
  exit 77
}

command -v node >/dev/null && command -v npm >/dev/null || skip "node and npm are absent"
"$program" --version | grep -q '^page: built in' || skip "this build has no page"
browser=
for candidate in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
  [[ -n $candidate ]] && browser=$(command -v "$candidate") && break
done
[[ -n $browser ]] || skip "Chromium is absent (Debian: chromium; or its path in CHROMIUM)"

mkdir -p "$folder"
(
  flock 9
  cmp -s "$here/package-lock.json" "$folder/installed-lock.json" && exit
  cp "$here/package.json" "$here/package-lock.json" "$folder"
  cd "$folder"
  timeout 240 npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 >npm.log 2>&1 </dev/null || exit 77
  cp package-lock.json installed-lock.json
) 9>"$folder/lock" || skip "npm could not fetch playwright-core and axe-core; its output is in $folder/npm.log"

cd "$folder"
CHROMIUM=$browser ONEPROXY_PROGRAM=$program exec node --test --test-reporter=spec "$test_file"
