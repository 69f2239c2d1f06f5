# Four processes count to 200 under the lock: exact. Bad arguments and a bad store are told.
set -euo pipefail
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

pids=()
for i in 1 2 3 4; do
  "$program" "sqlite:$folder/locks.db" "$folder/count" 50 &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
[[ $(cat "$folder/count") == 200 ]] || { echo "counted $(cat "$folder/count") of 200"; exit 1; }

code=0
"$program" 2>/dev/null || code=$?
[[ $code == 64 ]] || { echo "no arguments: exit $code"; exit 1; }
code=0
message=$("$program" "nowhere:x" "$folder/count" 1 2>&1) || code=$?
[[ $code == 69 && $message == *nowhere* ]] || { echo "unknown scheme: exit $code, '$message'"; exit 1; }
