#!/usr/bin/env bash
# scripts_test.sh SOURCE_FOLDER - what the scripts at the root and in scripts/ promise, on a machine made of stubs.
set -uo pipefail
source_dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fault_count=0

# check WHAT CONDITION...
check() {
  local what=$1
  shift
  "$@" || {
    printf 'fault: %s\n' "$what"
    ((++fault_count))
  }
}

# A checkout and a PATH in which only the stubs below decide what is installed and who we are.
mkdir -p "$work"/{checkout,bin}
cp -r "$source_dir"/{scripts,quickstart,run-tests} "$work/checkout/"
for tool in bash cat dirname env grep mkdir sed tail uname timeout; do
  ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
stub() {
  printf '#!/usr/bin/env bash\n%s\n' "$2" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
run() {
  (cd "$work/checkout" && PATH=$work/bin ONNXRUNTIME_ROOT=$onnxruntime_root "$@" >"$work/out" 2>"$work/err" </dev/null)
  status=$?
}
onnxruntime_root=
err_lines() { wc -l <"$work/err"; }

for script in quickstart run-tests scripts/bootstrap scripts/format-and-tidy; do
  run "./$script" --help
  check "$script --help prints help and ends with 0" test "$status" = 0 -a -s "$work/out" -a ! -s "$work/err"
  check "$script --help starts with its usage" grep -q "^\(./\)\?$script" "$work/out"
done
for script in quickstart scripts/bootstrap scripts/format-and-tidy; do
  run "./$script" --nonsense
  check "$script refuses an unknown option in one line with status 2" test "$status" = 2 -a "$(err_lines)" = 1
done

# Neither root nor sudo, one package of all installed.
stub dpkg-query 'echo "cmake installed"; echo "ccache config-files"; exit 1'
stub id 'echo 1000'
stub apt-get 'echo "$*" >>"'"$work"'/apt"'
run scripts/bootstrap
check "without root: status 2" test "$status" = 2
check "without root: one line" test "$(err_lines)" = 1
check "without root: names what is missing" grep -q 'missing: g++ ninja-build ccache mold .*libdnnl-dev' "$work/err"
check "without root: does not name what is there" bash -c "! grep -q ' cmake ' '$work/err'"
check "without root: installs nothing" test ! -e "$work/apt"

# sudo that needs no password.
stub sudo '[[ $1 == -n ]] && exit 0; exec "$@"'
run scripts/bootstrap --train --lint
check "with sudo: status 0" test "$status" = 0
check "with sudo: installs" grep -q 'install -y --no-install-recommends g++ ninja-build .*libtorch-dev .*clang-tidy' "$work/apt"
check "with sudo: not what is there" bash -c "! grep -q ' cmake ' '$work/apt'"
check "says the engine and how to get the other" grep -q 'default engine: .*ONNXRUNTIME_ROOT' "$work/out"

stub id 'echo 0'
stub apt-get 'echo "E: Unable to locate package mold"; exit 100'
run scripts/bootstrap
check "apt-get fails: status 2" test "$status" = 2
check "apt-get fails: its message is shown" grep -q 'Unable to locate package mold' "$work/err"

# All installed: nothing is called. npm that fails is no fault.
stub dpkg-query 'shift 3; printf "%s installed\n" "$@"'
stub apt-get 'echo called >"'"$work"'/apt-again"'
stub npm 'echo offline; exit 1'
run scripts/bootstrap --train --lint
check "second call: status 0" test "$status" = 0
check "second call: installs nothing" test ! -e "$work/apt-again"
check "an engine is named without npm's help" grep -q 'default engine' "$work/out"

onnxruntime_root=$work/empty
run scripts/bootstrap
check "a wrong ONNXRUNTIME_ROOT is refused" test "$status" = 2 -a "$(err_lines)" = 1
mkdir -p "$work"/release/{include,lib}
touch "$work"/release/include/onnxruntime_c_api.h "$work"/release/lib/libonnxruntime.so
onnxruntime_root=$work/release
run scripts/bootstrap
check "ONNXRUNTIME_ROOT is taken" grep -q "ONNX Runtime of $work/release" "$work/out"

# format-and-tidy takes what changed since the commit before: one source, and one header by way of its source.
for tool in date git mktemp nproc rm sort wc xargs; do
  ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
stub clang-format 'exit 0'
stub clang-tidy 'echo "${!#}" >>"'"$work"'/tidied"; [[ ! -e "'"$work"'/faulty" ]]'
mkdir -p "$work"/checkout/{build,include/oneproxy/base,src/base}
(
  cd "$work/checkout" || exit
  printf '  "file": "%s"\n' "$PWD"/src/base/{a,b,c}.cpp >build/compile_commands.json
  commit() { git add src include && git -c user.name=a -c user.email=a@b commit -q -m a; }
  git init -q
  touch src/base/{a,b,c}.cpp include/oneproxy/base/{a,b}.hpp && commit
  echo '// x' | tee src/base/a.cpp >include/oneproxy/base/b.hpp && commit
)
run scripts/format-and-tidy
check "tidy: status 0" test "$status" = 0
check "tidy: what changed" test "$(sort "$work/tidied")" = "$(printf 'src/base/%s.cpp\n' a b)"
TIDY_SECONDS=0 run scripts/format-and-tidy
check "tidy: says what it left" grep -q '0 files without faults, 2 left' "$work/out"
touch "$work/faulty"
run scripts/format-and-tidy --all
check "tidy: a fault is a failure" test "$status" = 1

# engines: the document of what a campaign leaves, here a stub's, in which one device failed.
cat >"$work/oneproxy" <<'STUB'
#!/usr/bin/env bash
[[ $1 == campaign && $3 == --out ]] || exit 3
facts='{"cpu": "a cpu", "cores": 2, "memory_gb": 8, "isa": "avx2", "os": "an os", "engine": "an engine 1"}'
device='"place": "this machine", "facts": '$facts', "networks": 5, "median_ms": 1.5, "cold_ms": 3, "seconds": 2, "drift_trend": 0.01'
repeat='{"networks": 4, "srcc": 0.8, "median_relative_difference": 0.02}'
cat >"$4/campaign.json" <<JSON
{"samples": 5, "repeats": 4, "seed": 1, "protocol": {}, "spaces": [{"space": "a space", "srcc": [[1, 0.5, null], [0.5, 1, null], [null, null, null]],
 "devices": [{"device": "a(threads=1)", "name": "a", $device, "warnings": ["a warning"], "repeatability": $repeat,
   "calibration": [{"budget_ms": 300, "min_runs": 30, "repeatability": $repeat}]},
  {"device": "b", "name": "b", $device, "warnings": [], "repeatability": null},
  {"device": "c", "name": "c", "place": "this machine", "error": "is missing"}]}]}
JSON
exit 2
STUB
chmod +x "$work/oneproxy"
python3 "$source_dir/scripts/engines" engines threads --samples 5 --program "$work/oneproxy" --work "$work/engines" --out "$work/results" 2>"$work/err"
check "engines: status 0 ($(<"$work/err"))" test $? = 0
page=$work/results/devices.md
check "engines: the table" grep -qF '| `a(threads=1)` | an engine 1 | 1.5 | 3 | 2 |' "$page"
check "engines: the matrix, without what failed" grep -qxF '| b | 0.500 | 1 |' "$page"
check "engines: the A/A test" grep -qxF '| a | 4 | 0.800 | 2.00% | 0.800 at 300 ms | +1.0% |' "$page"
check "engines: what failed" grep -qF '`c` could not be measured: is missing' "$page"
check "engines: warnings" grep -qxF '* a: a warning.' "$page"
check "engines: each step of the calibration" grep -qxF '| a | 300 | 30 | 4 | 0.800 | 2.00% |  |' "$page"
check "engines: plans are those of the workloads" grep -qF '"samples": 5,' "$work/engines/threads/plan.json"
python3 "$source_dir/scripts/engines" nonsense 2>"$work/err"
check "engines: an unknown part is refused in one line with status 2" test $? = 2 -a "$(err_lines)" = 1

# Counts: ctest's file, with its attributes on lines of their own.
printf '<?xml version="1.0"?>\n<testsuite name="x"\n\ttests="12"\n\tfailures="2"\n\tdisabled="1"\n\tskipped="3"\n>\n' \
  >"$work/tests.xml"
counts=$(source "$work/checkout/scripts/common.sh" && counts_of "$work/tests.xml")
check "counts ('$counts')" test "$counts" = "6 passed, 2 failed, 4 skipped"

((fault_count == 0))
