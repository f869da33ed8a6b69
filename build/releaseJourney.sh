#!/usr/bin/env bash
# releaseJourney.sh: walks the whole journey on the program that electron-builder left unpacked in release/.
set -euo pipefail
cd "$(dirname "$0")/.."
for program in release/mac*/Latchkey.app/Contents/MacOS/Latchkey release/win*unpacked/Latchkey.exe release/linux*unpacked/latchkey; do
  if [ -e "$program" ]; then
    LATCHKEY_PROGRAM="$PWD/$program"
    export LATCHKEY_PROGRAM
  fi
done
: "${LATCHKEY_PROGRAM:?there is no packed program in release/}"
echo "The journey runs on $LATCHKEY_PROGRAM"
run=(node node_modules/vitest/vitest.mjs run --config build/vitest.config.ts test/journeys/journey -t "electron host")
if [ "$(uname)" = Linux ]; then
  # Chromium's sandbox needs its helper to belong to root.
  helper="$(dirname "$LATCHKEY_PROGRAM")/chrome-sandbox"
  sudo chown root:root "$helper" && sudo chmod 4755 "$helper"
  xvfb-run --auto-servernum bash build/withKeyring.sh "${run[@]}"
else
  "${run[@]}"
fi
