# Each public header compiles alone, with strict warnings.
source "$(dirname "$0")/common.sh"
include=$1/include
count=0
while IFS= read -r header; do
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$folder/alone.cpp"
  "$CXX" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -I "$include" \
    "$folder/alone.cpp" || fail "$header does not compile alone"
  count=$((count + 1))
done < <(cd "$include" && find holdfast -name '*.hpp' | sort)
((count >= 10)) || fail "only $count headers were found"
