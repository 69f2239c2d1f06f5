#!/usr/bin/env bash
# scripts/check-boundaries must pass a tree that keeps the rules and find each way of breaking one.
set -euo pipefail
check=$1/scripts/check-boundaries
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

good_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/{include/holdfast,src/core,src/store/memory,src/store/sqlite,src/store/redis,src/store/sql,cli,examples}
  printf '#include <string>\n#include "holdfast/errc.hpp"\n' >"$tree/include/holdfast/client.hpp"
  printf '#include <vector>\n#include <sys/timerfd.h>\n#include <unistd.h>\n#include "core/url.hpp"\n' \
    >"$tree/src/core/url.cpp"
  printf '#include <sqlite3.h>\n#include "store/sqlite/store.hpp"\n#include "store/sql/row.hpp"\n#include "core/store.hpp"\n' \
    >"$tree/src/store/sqlite/store.cpp"
  printf '#include "core/store.hpp"\n#include "store/memory/store.hpp"\n' >"$tree/src/store/memory/store.cpp"
  printf '#include <string>\n#include "core/owner_id.hpp"\n#include "store/sql/row.hpp"\n' >"$tree/src/store/sql/row.cpp"
  printf '#include <CLI/CLI.hpp>\n#include "cli/run.hpp"\n#include "holdfast/holdfast.hpp"\n' >"$tree/cli/run.cpp"
}

# offence FILE LINE: the good tree with this include added must be refused, naming the file.
offence() {
  good_tree
  printf '%s\n' "$2" >>"$tree/$1"
  if "$check" "$tree" >"$tree/out" 2>&1; then
    echo "not found: '$2' in $1"
    exit 1
  fi
  grep -q "^$1:" "$tree/out" || { echo "found, but not named: $1"; cat "$tree/out"; exit 1; }
}

good_tree
"$check" "$tree" || { echo "a tree that keeps the rules was refused"; exit 1; }

offence include/holdfast/client.hpp '#include <sqlite3.h>'
offence include/holdfast/client.hpp '#include <nlohmann/json.hpp>'
offence include/holdfast/client.hpp '#include "core/url.hpp"'
offence include/holdfast/client.hpp '#  include  "../../src/core/url.hpp"  // why'
offence src/core/url.cpp '#include <sqlite3.h>'
offence src/core/url.cpp '#include <spdlog/spdlog.h>'
offence src/core/url.cpp '#include "store/sqlite/store.hpp"'
offence src/core/url.cpp '#include "store/memory/store.hpp"'
offence src/store/memory/store.cpp '#include <sqlite3.h>'
offence src/store/sqlite/store.cpp '#include "store/redis/store.hpp"'
offence src/store/sqlite/store.cpp '#include "../redis/store.hpp"'
offence src/store/sql/row.cpp '#include <sqlite3.h>'
offence src/store/sql/row.cpp '#include "store/sqlite/store.hpp"'
offence src/store/redis/store.cpp '#include "store/sqlite/store.hpp"'
offence cli/run.cpp '#include "core/url.hpp"'
offence cli/run.cpp '#include "../src/core/url.hpp"'
echo "each kind of offence was found"
