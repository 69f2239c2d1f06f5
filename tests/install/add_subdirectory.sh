# The sources as a part of another project: neither command nor tests come along.
source "$(dirname "$0")/common.sh"
stores=("memory:")
if [[ $SQLITE == 1 ]]; then stores+=("sqlite:$folder/locks.db"); fi
configure_and_build "$1" "$folder/build" -DFROM_SOURCE="$2" -DWITH_SQLITE="$SQLITE" \
  -DHOLDFAST_SQLITE="$SQLITE" -DBUILD_SHARED_LIBS="$SHARED"
locks "$folder/build/consumer" "${stores[@]}"
[[ ! -e $folder/build/holdfast/cli && ! -e $folder/build/holdfast/tests ]] || fail "the command or the tests came along"
