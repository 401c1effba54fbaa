#!/bin/sh
# Installs Debian packages for the tests: those named as arguments, or all that any group needs.
# Run as root. Services that come with a package (PostgreSQL, Redis, HAProxy ...) are not started.
set -eu

cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo 'setup-debian.sh: run it as root, for example with sudo.' >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo 'setup-debian.sh: this is not a Debian-like system; apt-get is missing.' >&2
  exit 1
fi
if [ $# = 0 ]; then
  # shellcheck disable=SC2046 # One word for each package is what is wanted.
  set -- $(node scripts/test.mjs --packages)
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}
# A machine that was just made has no package lists; an old one has stale ones.
if ! { apt-get update -o DPkg::Lock::Timeout=120 >>"$log" 2>&1 && install "$@"; }; then
  tail -n 20 "$log" >&2
  echo "setup-debian.sh: could not install: $*. The full log is $log." >&2
  exit 1
fi
rm -f "$log"
