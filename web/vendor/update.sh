#!/bin/sh
# Fetches MapLibre GL JS by npm and lays what the page needs beside this script, with its licence and its sums.
#   web/vendor/update.sh 5.24.1
set -eu
version="${1:?say the version, for example 5.24.1}"
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "maplibre-gl@$version" >/dev/null && tar -xzf "maplibre-gl-$version.tgz")
mkdir -p "$here/maplibre"
# the page ships no source map, so the line that names one would only cause a failing request
sed '/^\/\/# sourceMappingURL=/d' "$work/package/dist/maplibre-gl.js" > "$here/maplibre/maplibre-gl.js"
cp "$work/package/dist/maplibre-gl.css" "$here/maplibre/maplibre-gl.css"
cp "$work/package/LICENSE.txt" "$here/maplibre/LICENSE.txt"
cd "$here/maplibre"
{ echo "maplibre-gl $version"; sha256sum maplibre-gl.js maplibre-gl.css LICENSE.txt; } > VERSION
cat VERSION
