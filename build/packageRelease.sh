#!/usr/bin/env bash
# packageRelease.sh FLAGS...: npm run package in the release workflow. A secret that does not exist arrives there as an empty
# variable, which electron-builder would take for a broken key; and what must be a file arrives as its text:
#   APPLE_API_KEY_TEXT  the key for Apple's notary (.p8), with APPLE_API_KEY_ID and APPLE_API_ISSUER
#   UPDATE_PUBLIC_KEY   the public half of the key that signs updates (PEM); without it, this build accepts none
set -euo pipefail
cd "$(dirname "$0")/.."
for name in CSC_LINK CSC_KEY_PASSWORD WIN_CSC_LINK WIN_CSC_KEY_PASSWORD APPLE_API_KEY_ID APPLE_API_ISSUER; do
  [ -n "${!name:-}" ] || unset "$name"
done
if [ -n "${APPLE_API_KEY_TEXT:-}" ]; then
  APPLE_API_KEY="${RUNNER_TEMP:-/tmp}/notary.p8"
  (umask 077 && printf '%s\n' "$APPLE_API_KEY_TEXT" >"$APPLE_API_KEY")
  export APPLE_API_KEY
  trap 'rm -f "$APPLE_API_KEY"' EXIT
fi
unset APPLE_API_KEY_TEXT
[ -z "${UPDATE_PUBLIC_KEY:-}" ] || printf '%s\n' "$UPDATE_PUBLIC_KEY" >build/resources/update-key.pem
npm run package -- "$@"
