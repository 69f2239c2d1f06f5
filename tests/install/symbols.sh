# A shared library exports what is under holdfast:: and nothing else; a store exports its entry and nothing else.
source "$(dirname "$0")/common.sh"
lib=$1/$LIBDIR

exported() { nm -DC --defined-only "$1" | sed -E 's/^[0-9a-f]+ [A-Za-z] //'; }

all=$(exported "$lib/libholdfast.so")
others=$(grep -vE '^((vtable|typeinfo|typeinfo name|VTT) for )?holdfast::|^(non-virtual thunk|virtual thunk) to holdfast::' <<<"$all" || true)
[[ -z $others ]] || fail "libholdfast.so exports: $others"
grep -q '^holdfast::client::client(' <<<"$all" || fail "libholdfast.so lacks the client"

if [[ $SQLITE == 1 ]]; then
  others=$(exported "$lib/holdfast/libholdfast_sqlite.so")
  [[ $others == holdfast_store_sqlite ]] || fail "libholdfast_sqlite.so exports: $others"
fi
if readelf -d "$lib/libholdfast.so" | grep -E 'NEEDED.*(sqlite|hiredis|grpc|pq|maria|ssl)'; then
  fail "the core needs a vendor's library"
fi
