# Recipes; `./justw` alone lists them. Paths are meant from where you stand.

set positional-arguments
set quiet
set no-exit-message

root := justfile_directory()
local := env("LOCAL_DIR", "")
export LOCAL_DIR := if local == "" { root / ".local" } else if local =~ '^/' { local } else { invocation_directory() / local }
export PATH := root / ".venv/bin:" + env("PATH")
export FROM := invocation_directory()

[private]
default:
    just --justfile '{{ justfile() }}' --list --unsorted --list-heading ''

# turn videos into audio: convert FILE…
[group('For people with videos')]
convert *args:
    cd "$FROM" && exec tonearm convert "$@"

# convert what appears in a folder: watch DIR
[group('For people with videos')]
watch *args:
    cd "$FROM" && exec tonearm watch "$@"

# look at your jobs: jobs list …
[group('For people with videos')]
jobs *args:
    cd "$FROM" && exec tonearm jobs "$@"

# let people without an account hear your audio: links create JOB
[group('For people with videos')]
links *args:
    exec tonearm links "$@"

# hear your audio in a podcast app: feeds create NAME
[group('For people with videos')]
feeds *args:
    exec tonearm feeds "$@"

# read what your audio says: transcripts show JOB
[group('For people with videos')]
transcripts *args:
    cd "$FROM" && exec tonearm transcripts "$@"

# have addresses told of your jobs: hooks create URL, hooks test …
[group('For people with videos')]
hooks *args:
    exec tonearm hooks "$@"

# show what your account uses, and may use
[group('For people with videos')]
usage *args:
    exec tonearm usage "$@"

# say what a file holds, before it is uploaded: probe FILE
[group('For people with videos')]
probe *args:
    cd "$FROM" && exec tonearm probe "$@"

# make a small real video, sample.mp4, for a first try
[group('For people with videos')]
sample *args:
    cd "$FROM" && exec tonearm sample "$@"

# show the mails that the local stack has sent
[group('For people with videos')]
mail *args:
    exec tonearm mail "$@"

# run everything here, Ctrl-C stops all; -d: in the background
[group('For operators')]
up *args:
    exec tonearm up "$@"

# stop what runs in the background; the data stays
[group('For operators')]
down *args:
    exec tonearm down "$@"

# say how the local stack is, and who its first admin is
[group('For operators')]
status *args:
    exec tonearm status "$@"

# say what is missing, and the line that mends it
[group('For operators')]
doctor *args:
    exec tonearm doctor "$@"

# watch a system: services, queues, work, failures; also a cluster: --on NAME
[group('For operators')]
top *args:
    exec tonearm top "$@"

# follow events and logs, merged by time; --job ID: one job
[group('For operators')]
tail *args:
    cd "$FROM" && exec tonearm tail "$@"

# read, check and rebuild from the event log: replay info …
[group('For operators')]
replay *args:
    cd "$FROM" && exec tonearm replay "$@"

# look at accounts and change them: account list …
[group('For operators')]
account *args:
    cd "$FROM" && exec tonearm account "$@"

# save a running stack: log, database, keys: backup DIR
[group('For operators')]
backup *args:
    cd "$FROM" && exec tonearm backup "$@"

# take out of a backup what was erased since: forget DIR
[group('For operators')]
forget *args:
    cd "$FROM" && exec tonearm forget "$@"

# fill an empty stack from a backup: restore DIR
[group('For operators')]
restore *args: _broker
    cd "$FROM" && exec tonearm restore "$@"

# ask the local stack's broker: rabbitmqctl list_queues …
[group('For operators')]
rabbitmqctl *args:
    exec python -m infra.local.servers.control "$@"

# watch the local stack with Prometheus and our alert rules
[group('For operators')]
prometheus:
    exec python -m infra.local.prometheus

# write the alert rules for a Prometheus: alert-rules FILE
[group('For operators')]
alert-rules file:
    cd "$FROM" && exec python -m infra.cluster.tools rules "$1"

# make the secrets of containers and clusters: cluster files DIR
[group('For operators')]
cluster *args:
    cd "$FROM" && exec python -m infra.cluster "$@"

# compute the machines for so many jobs: sizing --jobs 1e6
[group('For operators')]
sizing *args:
    exec python -m infra.sizing "$@"

# run it on minikube; safe to repeat
[group('For operators')]
minikube *args:
    exec python -m infra.cluster.minikube "$@"

# do for real what the runbook says: drill NAME; alone: list
[group('For operators')]
drill *args: _broker
    exec python -m infra.drills "$@"

# format, lint, types, import contracts
[group('For contributors')]
check:
    ruff format --check
    ruff check
    mypy
    mypy --platform win32 --cache-dir .mypy_cache/win32 -p cli  # the client runs there, too
    lint-imports

# run the tests: test [--long] [pytest's arguments]
[group('For contributors')]
test *args: (test-tools args)
    exec pytest --numprocesses auto --max-worker-restart 0 --dist loadfile --no-loadscope-reorder --durations 10 "$@"

# bring what the tests need, from package managers: test-tools [--long]
[group('For contributors')]
test-tools *args: _broker _curl _shells _databases _provider _browser (_clients args) (_fuzzer args)

# run the tests that take minutes
[group('For contributors')]
nightly *args: _broker _browser (_fuzzer "--long")
    exec pytest -m nightly -n 0 -rP -o faulthandler_timeout=0 "$@"

# print the table of speeds
[group('For contributors')]
bench *args: _broker
    exec python -m bench "$@"

# check manifests, chart, compose file, Dockerfile
[group('For contributors')]
check-infra *args: infra-tools _broker
    exec pytest tests/infra/cluster "$@"

# bring what that needs, from package indexes
[group('For contributors')]
infra-tools:
    uv pip install --quiet --require-hashes --requirements '{{ root }}/infra/requirements.lock'
    python -m infra.cluster.tools

# have checkov look at overlays and Dockerfile
[group('For contributors')]
lint-infra: infra-tools
    #!/usr/bin/env bash
    set -euo pipefail
    uv venv --quiet --clear '{{ root }}/.venv/checkov'
    uv pip install --quiet --require-hashes --python '{{ root }}/.venv/checkov' --requirements '{{ root }}/infra/checkov.lock'
    python -m infra.cluster.tools render '{{ root }}/.venv/rendered'
    cd '{{ root }}/.venv/rendered' # from elsewhere it takes them for hidden, and looks at no manifest
    ../checkov/bin/checkov --config-file '{{ root }}/infra/checkov.yaml' -d . | tee ../checkov.txt
    grep -q 'kubernetes scan results' ../checkov.txt

# build the images, and run them (root, Debian, minutes)
[group('For contributors')]
check-image *args: _broker
    #!/usr/bin/env bash
    set -euo pipefail
    type buildah debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends buildah debootstrap
    [ -n "${CHECK_IMAGE:-}" ] || { CHECK_IMAGE=$(mktemp -d) && trap 'rm -rf "$CHECK_IMAGE"' EXIT; }
    export CHECK_IMAGE
    pytest -o faulthandler_timeout=1800 tests/infra/cluster/test_image.py "$@"

# compare spliced encodings with one encoder's
[group('For contributors')]
splices seconds="600" *args:
    seconds=$1; shift; exec pytest tests/workers/converter/parallel/test_splice.py --spliced-seconds "$seconds" --timeout 0 -o faulthandler_timeout=0 "$@"

# convert files that chance has changed; --seed N: others
[group('For contributors')]
fuzz-media count="10000" *args:
    mutants=$1; shift; exec pytest tests/workers/converter/conversion/test_mutants.py --long --mutants "$mutants" --timeout 0 -o faulthandler_timeout=0 "$@"

# run the tests of real servers on RabbitMQ 4
[group('For contributors')]
test-broker-4 *args:
    #!/usr/bin/env bash
    set -euo pipefail
    type debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends debootstrap
    RABBITMQ_BIN=$(python -m infra.local.servers.trixie "${TRIXIE:-{{ root }}/.venv/trixie}")
    export RABBITMQ_BIN
    exec pytest -n 0 --timeout 600 --long -m 'servers or system' "$@"

# make the pictures in the documents, from the first minute
[group('For contributors')]
screenshots: _broker _browser
    exec python -m infra.page.screenshots

# say how soon the page is there on a slow processor, and how smooth it is
[group('For contributors')]
page-speed: _broker _browser
    exec python -m infra.page.speed

# bring the files of other projects that a page needs
[group('For contributors')]
vendored folder="gateway/openapi/page":
    exec python -m infra.vendored "$1"

# ask the API by requests that schemathesis makes up
[group('For contributors')]
fuzz-api seconds="600" *args: _broker (_fuzzer "--long")
    seconds=$1; shift; exec pytest -n 0 tests/system/test_api_fuzz.py --long -m 'long or nightly' --fuzz-seconds "$seconds" -o faulthandler_timeout=0 -rP "$@"

# try /files by the public conformance suite of tus: tus-conformance [FOLDER or URL of the suite]
[group('For contributors')]
tus-conformance suite="https://github.com/sagikazarmark/tus-conformance-tests": _broker
    #!/usr/bin/env bash
    set -euo pipefail
    # Of Debian it takes libxml2-dev, libssl-dev, libclang-dev and pkg-config. 8.1 needs a newer Rust.
    tools="$LOCAL_DIR/tools"
    [[ -x $tools/bin/hurl ]] || cargo install hurl --version 8.0.1 --locked --root "$tools"
    [[ -d $tools/tus ]] || git clone --quiet "$1" "$tools/tus"
    git -C "$tools/tus" checkout --quiet 76aa29a8fa98d12318c9a5afc1244a0836e3f5d2
    cd '{{ root }}'; TUS_SUITE=$tools/tus PATH=$tools/bin:$PATH exec pytest -n 0 -m nightly -rP tests/gateway/files/test_suite.py

_broker:
    python -m infra.local.servers.install

_curl:
    python -m infra.local.servers.install curl

# Where they cannot be installed, the tests that need them say so.
_shells:
    -python -m infra.local.servers.install shells

_databases:
    -python -m infra.local.servers.install postgresql
    -python -m infra.local.servers.install mariadb

# The tests' provider of OpenID Connect, in an environment of its own; where it cannot be had, they say so.
_provider:
    -uv venv --quiet --allow-existing --python '{{ root }}/.venv/bin/python' '{{ root }}/.venv/canaille'
    -uv pip install --quiet --require-hashes --python '{{ root }}/.venv/canaille' --requirements '{{ root }}/tests/servers/openid.lock'

# A real browser and its driver, for the pages; where they cannot be had, the tests say so.
_browser:
    -python -m infra.local.servers.install chromium
    -uv pip install --quiet --require-hashes --requirements '{{ root }}/tests/browser/requirements.lock'

# Generators of clients from the OpenAPI document, and podcast clients, for the long tests; where they cannot be had, the tests say so.
_clients args="":
    #!/usr/bin/env bash
    set -uo pipefail
    [[ " {{ args }} " == *" --long "* ]] || exit 0
    python -m infra.local.servers.install podcasts || true
    folder='{{ root }}/.venv/clients' from='{{ root }}/tests/gateway/openapi/clients'
    cmp --silent "$from/package-lock.json" "$folder/package-lock.json" && exit 0
    uv venv --quiet --allow-existing --python '{{ root }}/.venv/bin/python' "$folder" \
        && uv pip install --quiet --require-hashes --python "$folder" --requirements "$from/requirements.lock" \
        && cp "$from/package.json" "$folder" \
        && cp "$from/package-lock.json" "$folder/package-lock.json.new" && cd "$folder" \
        && mv package-lock.json.new package-lock.json && PATH=$folder/bin:$PATH npm ci --silent \
        || { rm -f "$folder/package-lock.json"; echo 'the generators of clients cannot be had' >&2; }

# What makes up requests, for a long test; where it cannot be had, the test says so.
_fuzzer args="":
    #!/usr/bin/env bash
    set -uo pipefail
    [[ " {{ args }} " == *" --long "* ]] || exit 0
    uv venv --quiet --allow-existing --python '{{ root }}/.venv/bin/python' '{{ root }}/.venv/schemathesis' \
        && uv pip install --quiet --require-hashes --python '{{ root }}/.venv/schemathesis' --requirements '{{ root }}/tests/system/schemathesis.lock' \
        || echo 'schemathesis cannot be had' >&2
