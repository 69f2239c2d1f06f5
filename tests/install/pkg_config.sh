# The compiler with nothing but what pkg-config says.
source "$(dirname "$0")/common.sh"
source=$1/main.cpp
prefix=$2
export PKG_CONFIG_PATH=$prefix/$LIBDIR/pkgconfig
export LD_LIBRARY_PATH=$prefix/$LIBDIR

# compile PACKAGE PROGRAM
compile() {
  local flags
  flags=$("$PKG_CONFIG" --cflags --libs "$1")
  echo "$1: $flags"
  # shellcheck disable=SC2086
  "$CXX" -std=c++20 -O0 "$source" -o "$2" $flags
}

compile holdfast "$folder/core"
locks "$folder/core" "memory:"
if [[ $SQLITE == 1 ]]; then
  compile holdfast-sqlite "$folder/sqlite"
  locks "$folder/sqlite" "memory:" "sqlite:$folder/locks.db"
fi
[[ $("$PKG_CONFIG" --modversion holdfast) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "no version"
