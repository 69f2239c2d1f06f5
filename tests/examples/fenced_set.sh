# fenced_set.sh HOLDFAST SCRIPT: what the later holder wrote into Redis stands, whatever the earlier one writes afterwards.
set -euo pipefail
holdfast=$1
script=$2
folder=$(mktemp -d)
redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder" --save '' >"$folder/log" 2>&1 &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$folder"' EXIT
cli() { redis-cli -s "$folder/redis.sock" "$@"; }
for ((i = 0; i < 300; i++)); do
  [[ $(cli ping 2>/dev/null) == PONG ]] && break
  sleep 0.1
done

export HOLDFAST_STORE=sqlite:$folder/locks.db
write='redis-cli -s "$1" --eval "$2" stock:nails , "$3" "${4:-$HOLDFAST_TOKEN}"'
write_under_lock() { "$holdfast" run stock -- sh -c "$write" sh "$folder/redis.sock" "$script" "$1"; }
expect() { [[ $1 == "$2" ]] || { echo "expected $2, got $1: $3"; exit 1; }; }

paused=$("$holdfast" run stock -- sh -c 'echo $HOLDFAST_TOKEN')
expect "$(write_under_lock 90)" 1 'the new holder writes'
expect "$(cli --eval "$script" stock:nails , 99 "$paused")" 0 'the paused one wakes up and writes'
expect "$(cli HGET stock:nails value)" 90 'what the table holds'
expect "$(write_under_lock 80)" 1 'the next holder writes'
expect "$(cli HGET stock:nails value)" 80 'what the table holds'
answer=$(cli --eval "$script" stock:nails , 99 2>&1 || true)
[[ $answer == *'token is missing'* ]] || { echo "a write without a token said: $answer"; exit 1; }
