#!/usr/bin/env bash
# withKeyring.sh COMMAND...: runs a command with a private D-Bus session and an unlocked, throw-away GNOME keyring.
# Needs dbus-run-session and gnome-keyring-daemon. Nothing of the person's own keyring is seen or touched.
set -euo pipefail

if [ -z "${WITH_KEYRING_INSIDE:-}" ]; then
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
  mkdir -m 700 "$place/run" "$place/home"
  export XDG_RUNTIME_DIR="$place/run" XDG_DATA_HOME="$place/home/share"
  export XDG_CACHE_HOME="$place/home/cache" XDG_CONFIG_HOME="$place/home/config"
  mkdir -p -m 700 "$XDG_DATA_HOME/keyrings"
  unset DBUS_SESSION_BUS_ADDRESS DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL
  WITH_KEYRING_INSIDE=1 dbus-run-session -- "$(readlink -f "$0")" "$@"
  exit $?
fi

# An empty password makes no keyring at all.
printf '%s' "${KEYRING_PASSWORD:-test}" | gnome-keyring-daemon --unlock --components=secrets >"$XDG_RUNTIME_DIR/keyring.env"
# The daemon comes back before it has its name on the bus: whoever asks until then would start another one, or find none.
if command -v gdbus >/dev/null; then gdbus wait --session --timeout 30 org.freedesktop.secrets; fi
exec "$@"
