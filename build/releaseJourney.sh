#!/usr/bin/env bash
# releaseJourney.sh [FOLDER]: walks the whole journey on the program that electron-builder left unpacked in FOLDER (release).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-release}
# Of two programs for Windows, the one for this processor stands last.
for program in "$folder"/mac*/Latchkey.app/Contents/MacOS/Latchkey "$folder"/win*unpacked/Latchkey.exe "$folder"/linux*unpacked/latchkey; do
  if [ -e "$program" ]; then export LATCHKEY_PROGRAM="$program"; fi
done
: "${LATCHKEY_PROGRAM:?there is no packed program in $folder/}"
echo "The journey runs on $LATCHKEY_PROGRAM"
run=(node node_modules/vitest/vitest.mjs run --config build/vitest.config.ts test/journeys/journey -t "electron host")
if [ "$(uname)" = Linux ]; then
  # Chromium's sandbox needs its helper to belong to root.
  helper="$(dirname "$LATCHKEY_PROGRAM")/chrome-sandbox"
  sudo chown root:root "$helper"
  sudo chmod 4755 "$helper"
  # The screen comes last: the session of the keyring begins without one.
  bash build/withKeyring.sh xvfb-run --auto-servernum "${run[@]}"
else
  "${run[@]}"
fi
