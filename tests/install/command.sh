# The installed command runs a command under a lock.
source "$(dirname "$0")/common.sh"
command=$1/bin/holdfast
out=$("$command" run -s "sqlite:$folder/locks.db" place -- sh -c 'echo "$HOLDFAST_NAME $HOLDFAST_TOKEN"')
[[ $out =~ ^place\ [1-9][0-9]*$ ]] || fail "the child saw: $out"
[[ $("$command" version) =~ [0-9]\.[0-9] ]] || fail "no version"
