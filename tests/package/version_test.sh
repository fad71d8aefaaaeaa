#!/usr/bin/env bash
# version_test.sh SOURCE - versions come from git's tags, from an archive of git, or from project().
set -euo pipefail
source=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 # what the user set, e.g. signing, is not of the test
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
cat >"$folder/say.cmake" <<'END'
set(PROJECT_VERSION 0.1.0)
include(${SOURCE}/cmake/Version.cmake)
message(STATUS "is ${ONEPROXY_VERSION}, ${ONEPROXY_VERSION_NUMBERS}")
END

# expect PATTERN FOLDER WHEN: what stands before "+" are the numbers that find_package compares.
expect() {
  local said numbers
  said=$(cmake -DSOURCE="$source" -DPROJECT_SOURCE_DIR="$2" -P "$folder/say.cmake")
  numbers=${said##*, }
  [[ $said =~ ^--\ is\ ($1),\ [0-9.]+$ && $said =~ ^--\ is\ "$numbers"[+,] ]] || { echo "$3: expected $1, got '$said'" >&2; exit 1; }
}

clone=$folder/clone
mkdir "$clone"
cp "$source"/.git_archival.txt "$source"/.gitattributes "$clone"
expect '0\.1\.0' "$clone" "no repository"
# archive NAME: what git makes of HEAD.
archive() { mkdir "$folder/$1" && git -C "$clone" archive HEAD | tar -x -C "$folder/$1"; }
git -C "$clone" init -q
git -C "$clone" add -A
git -C "$clone" commit -qm first
expect '0\.1\.0\+g[0-9a-f]{7}' "$clone" "no tag"
archive untagged
expect '0\.1\.0\+g[0-9a-f]{7}' "$folder/untagged" "archive without a tag"
git -C "$clone" tag v1.2.0
git -C "$clone" tag nightly
expect '1\.2\.0' "$clone" "on a tag"
archive tagged
expect '1\.2\.0' "$folder/tagged" "archive of a tag"
git -C "$clone" commit -q --allow-empty -m second
git -C "$clone" tag v1.3.0-rc1 # names no version
expect '1\.2\.0\+1\.g[0-9a-f]{7}' "$clone" "after a tag"
archive later
expect '1\.2\.0\+1\.g[0-9a-f]{7}' "$folder/later" "archive of a commit after a tag"
git clone -q --depth 1 --no-tags "file://$clone" "$folder/shallow"
expect '0\.1\.0\+g[0-9a-f]{7}' "$folder/shallow" "a clone without tags and history"
mkdir "$folder/old"
sed 's/^describe: .*/describe: %(describe:tags=true)/' "$folder/untagged/.git_archival.txt" >"$folder/old/.git_archival.txt"
expect '0\.1\.0\+g[0-9a-f]{7}' "$folder/old" "archive of a git that knows no describe"
mkdir "$clone/inner"
expect '0\.1\.0' "$clone/inner" "unpacked within another repository"
