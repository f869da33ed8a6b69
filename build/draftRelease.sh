#!/usr/bin/env bash
# draftRelease.sh TAG FOLDER: a draft release of everything in FOLDER, which a person publishes after docs/release-checklist.md.
# Early versions (v1.2.0-beta.1) are marked as such: who did not choose them is never offered them.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:?a tag}
folder=${2:?a folder}
notes=$(mktemp)
trap 'rm -f "$notes"' EXIT
node build/releaseNotes.js "$tag" >"$notes"
early=()
if [[ $tag == *-* ]]; then early=(--prerelease); fi
gh release create "$tag" "$folder"/* --draft "${early[@]}" --title "Latchkey $tag" --notes-file "$notes"
