# find_package(holdfast), with and without a component; the installation may have been moved.
source "$(dirname "$0")/common.sh"
consumer=$1
mkdir "$folder/moved"
cp -a "$2" "$folder/moved/prefix"
prefix=$folder/moved/prefix

if [[ $SQLITE == 1 ]]; then
  configure_and_build "$consumer" "$folder/with" -DCMAKE_PREFIX_PATH="$prefix"
  locks "$folder/with/consumer" "memory:" "sqlite:$folder/locks.db"
fi

configure_and_build "$consumer" "$folder/without" -DCMAKE_PREFIX_PATH="$prefix" -DWITH_SQLITE=OFF
locks "$folder/without/consumer" "memory:"
if [[ $SHARED == 1 && $SQLITE == 1 ]]; then
  # The module is loaded when its scheme is first used, asked for or not.
  locks "$folder/without/consumer" "sqlite:$folder/locks.db"
else
  refuses "$folder/without/consumer" "sqlite:$folder/locks.db" sqlite
fi

# A component that is not there is told.
mkdir "$folder/wrong"
cat >"$folder/wrong/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(wrong LANGUAGES CXX)
find_package(holdfast REQUIRED COMPONENTS carrier_pigeon)
CMAKE
if out=$("$CMAKE" -S "$folder/wrong" -B "$folder/wrong/build" -G Ninja -DCMAKE_CXX_COMPILER="$CXX" \
    -DCMAKE_PREFIX_PATH="$prefix" 2>&1); then
  fail "find_package gave a component that does not exist"
fi
[[ $out == *carrier_pigeon* ]] || fail "a missing component is not named: $out"
