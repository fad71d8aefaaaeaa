# Shared by the scripts of this repository: sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

# fail STATUS MESSAGE: 2 where the caller or the machine can mend it, 1 where the project is at fault.
fail() {
  local status=$1
  shift
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit "$status"
}

# The comment at the top of the calling script is its help.
help_and_exit() {
  sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
  exit 0
}

# configure PRESET [CMAKE ARGUMENT...]
# ONNX Runtime is looked for anew each time, so that one installed or removed since the last call is noticed.
configure() {
  local preset=$1
  shift
  local log=$root/.deps/configure-$preset.log
  mkdir -p "$root/.deps"
  (cd "$root" && cmake --preset "$preset" -U 'OnnxRuntime_*' "$@") >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail 1 "CMake could not configure the preset '$preset'; all of its output is in $log"
  }
}

# build PRESET [TARGET]
build() {
  local preset=$1 target=${2:-all}
  (cd "$root" && cmake --build --preset "$preset" --target "$target" --parallel "$(nproc)") ||
    fail 1 "the build of '$target' (preset '$preset') failed; the compiler's message stands above"
}

# counts_of JUNIT_FILE prints "N passed, N failed, N skipped" of a file that ctest --output-junit wrote.
counts_of() {
  local suite name total failed skipped disabled
  suite=$(sed -n '/<testsuite /,/>/p' "$1" | tr '\n\t' '  ')
  for name in tests failures skipped disabled; do
    [[ $suite =~ [[:space:]]$name=\"([0-9]+)\" ]] || fail 1 "$1: <testsuite> has no count '$name'"
    case $name in
      tests) total=${BASH_REMATCH[1]} ;;
      failures) failed=${BASH_REMATCH[1]} ;;
      skipped) skipped=${BASH_REMATCH[1]} ;;
      disabled) disabled=${BASH_REMATCH[1]} ;;
    esac
  done
  printf '%d passed, %d failed, %d skipped\n' \
    $((total - failed - skipped - disabled)) "$failed" $((skipped + disabled))
}
