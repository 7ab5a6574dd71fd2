#!/bin/sh
# Fetches axe-core by npm and lays what the tests need beside this script, with its licence and its sums.
#   tests/web/vendor/update.sh 4.11.0
set -eu
version="${1:?say the version, for example 4.11.0}"
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "axe-core@$version" >/dev/null && tar -xzf "axe-core-$version.tgz")
mkdir -p "$here/axe-core"
cp "$work/package/axe.min.js" "$work/package/LICENSE" "$here/axe-core/"
cd "$here/axe-core"
{ echo "axe-core $version"; sha256sum axe.min.js LICENSE; } > VERSION
cat VERSION
