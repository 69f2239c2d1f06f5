# The table takes the new holder's write and refuses the paused one's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

out=$("$1" "sqlite:$folder/locks.db" "$folder/stock.db")
echo "$out"
grep -q '^the new holder holds the lock and writes 90 .*: taken$' <<<"$out"
grep -q '^the paused one lost the lock and writes 99 .*: refused$' <<<"$out"
