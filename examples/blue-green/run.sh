#!/usr/bin/env bash
# Switches a service from one version to the next and back under load, and shows the split second by second.
#   examples/blue-green/run.sh
# WEFT_EXAMPLE_SECONDS (3) is how long each step takes, WEFT_EXAMPLE_RATE (200) how many requests a second come. Everything
# listens on 127.0.0.1, on ports that are free.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=examples/packages.sh
. "$root/examples/packages.sh"
require_build
exec node "$here/run.mjs"
