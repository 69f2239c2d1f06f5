# Sourced by each test here. Gives a folder of its own and the words they share.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# configure_and_build SOURCE BUILD [OPTION...]
configure_and_build() {
  "$CMAKE" -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_COMPILER_LAUNCHER="$LAUNCHER" "${@:3}"
  "$CMAKE" --build "$2" --target consumer -j 1
}

# locks PROGRAM STORE...: the program takes a lock on each.
locks() {
  local out store
  out=$("$@") || fail "$* said: $out"
  for store in "${@:2}"; do
    grep -q "^${store%%:*}:.* locked$" <<<"$out" || fail "$store was not locked: $out"
  done
}

# refuses PROGRAM STORE WORD: the store is not there, and the message says WORD.
refuses() {
  local out
  if out=$("$1" "$2"); then fail "$2 was locked by a program that does not have the store"; fi
  [[ $out == *"$3"* ]] || fail "$2 was refused without a word of '$3': $out"
}
