# What the examples' run.sh share: that Weft is built, the Debian packages of the commands that they run, and a line
# for each result. Needs `root`, the clone.
# shellcheck shell=bash

# Debian keeps servers outside a user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

require_build() {
  if [ ! -e "$root/dist/cli/main.js" ]; then
    echo "run.sh: Weft is not built. Run 'npm ci' in $root." >&2
    exit 1
  fi
}

# Packages of the commands that are not there. Each argument is command:package.
missing_packages() {
  local need
  for need in "$@"; do
    if ! command -v "${need%%:*}" >/dev/null; then echo "${need##*:}"; fi
  done | sort --unique
}

# Installs them where that is possible and wanted.
install_missing() {
  local packages
  packages=$(missing_packages "$@")
  if [ -z "$packages" ] || [ "${WEFT_TEST_NO_INSTALL:-}" = 1 ] || [ "$(id -u)" != 0 ] ||
    ! command -v apt-get >/dev/null; then
    return
  fi
  echo "installing Debian packages that are missing: ${packages//$'\n'/ }"
  # shellcheck disable=SC2086 # One word for each package is what is wanted.
  sh "$root/scripts/setup-debian.sh" $packages || echo 'the installation failed'
}

passed=0
failed=0
# NAME, 0 for passed, how long it took, what to say
result() {
  local word=passed
  if [ "$2" = 0 ]; then
    passed=$((passed + 1))
  else
    word=FAILED
    failed=$((failed + 1))
  fi
  printf '%-8s %s %4s s  %s\n' "$1" "$word" "$3" "$4"
}
