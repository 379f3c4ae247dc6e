#!/bin/sh
# Checks that this machine has what the Makefile cannot install, or says in one line what to install.
#   need.sh python PYTHON    a Python that is new enough and can make virtual environments
#   need.sh node             Node of the right age with npm; fails if there is none, and PyPI's has to do
#   need.sh chromium PYTHON  a browser for Playwright in PYTHON's environment; downloads or installs one if it may
set -eu

stop() {
  echo "innerview: $*" >&2
  exit 1
}

need_python() {
  choose="or choose one: make setup PYTHON=/path/to/python3"
  command -v "$1" >/dev/null ||
    stop "Python 3.10 or newer is needed, and there is no '$1' here. Install it (Debian, Ubuntu: apt install python3 python3-venv), $choose"
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    stop "'$1' does not run. Install Python 3.10 or newer, $choose"
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    stop "Python 3.10 or newer is needed, and '$1' is $version. Install a newer one, $choose"
  "$1" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "'$1' cannot make virtual environments. Install its venv module (Debian, Ubuntu: apt install python$version-venv), $choose"
}

need_node() {
  command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' && return
  echo "innerview: Node 20 or newer with npm builds the front end, and there is none here; getting the one on PyPI"
  return 1
}

# Tries to start the browser that the tests would take: Playwright's may be there without its libraries.
starts() {
  PYTHONPATH=tests "$1" - <<'END' 2>/dev/null
from browser import chromium
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    chromium.launch(playwright).close()
END
}

need_chromium() {
  starts "$1" && return
  if [ -n "${CHROMIUM:-}" ]; then
    stop "the browser tests cannot start the Chromium that \$CHROMIUM names, '$CHROMIUM'"
  fi
  echo "innerview: no Chromium starts here; getting one"
  "$1" -m playwright install chromium || true
  starts "$1" && return
  admin=
  if [ "$(id -u)" != 0 ]; then admin="sudo -n"; fi
  if command -v apt-get >/dev/null && $admin true 2>/dev/null; then
    # Playwright's download may lack only system libraries; where there is no download, Debian has a package.
    $admin "$1" -m playwright install-deps chromium || true
    starts "$1" && return
    $admin apt-get update || true
    $admin apt-get install --yes chromium || true
    starts "$1" && return
  fi
  stop "the browser tests need a Chromium and could not get one. Install it (Debian: apt install chromium), or name one: CHROMIUM=/path/to/chromium make test"
}

case "${1:-}" in
  python) need_python "$2" ;;
  node) need_node ;;
  chromium) need_chromium "$2" ;;
  *) stop "need.sh knows python, node and chromium, not '${1:-}'" ;;
esac
