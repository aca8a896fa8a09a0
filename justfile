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
    just --justfile '{{ justfile() }}' --list --unsorted

# turn videos into audio, starting the stack if need be: convert FILE…
convert *args:
    cd "$FROM" && exec tonearm convert "$@"

# say what a file holds, before it is uploaded: probe FILE [--json]
probe *args:
    cd "$FROM" && exec tonearm probe "$@"

# make a small real video, sample.mp4, for a first try
sample *args:
    cd "$FROM" && exec tonearm sample "$@"

# run everything here, logs merged, Ctrl-C stops all; -d: in the background
up *args:
    exec tonearm up "$@"

# stop what runs in the background; the data stays
down *args:
    exec tonearm down "$@"

# show what runs, and the first admin
status *args:
    exec tonearm status "$@"

# say what is missing, and the line that mends it
doctor *args:
    exec tonearm doctor "$@"

# watch the running local stack with Debian's Prometheus and our alert rules, until Ctrl-C
prometheus:
    exec python -m infra.local.prometheus

# show the mails the local stack has sent
mail *args:
    exec tonearm mail "$@"

# follow events and logs of all services, merged by time; --job ID follows one job
tail *args:
    cd "$FROM" && exec tonearm tail "$@"

# read the event log: show, state, info, verify, rebuild, requeue, reconcile, export, import
replay *args:
    cd "$FROM" && exec tonearm replay "$@"

# save a running stack: log, database, keys: backup DIR
backup *args:
    cd "$FROM" && exec tonearm backup "$@"

# fill an empty stack from a backup: restore DIR
restore *args: _broker
    cd "$FROM" && exec tonearm restore "$@"

# look at accounts and change them: list, show, invite, role, reset, disable, enable, revoke, export, erase, import
account *args:
    cd "$FROM" && exec tonearm account "$@"

# ask the broker of the running local stack, or change it: rabbitmqctl list_queues, set_policy …
rabbitmqctl *args:
    exec python -m infra.local.servers.control "$@"

# format, lint, types, import contracts
check:
    ruff format --check
    ruff check
    mypy
    lint-imports

# run the tests: test [--long] [pytest's arguments]; --long: the long ones too, and properties by chance; -n 0: one by one
test *args: _broker _curl _databases _provider _browser
    exec pytest --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 10 "$@"

# run it on minikube: start, build, make secrets, apply, wait; safe to repeat
minikube *args:
    exec python -m infra.cluster.minikube "$@"

# check what runs in containers and clusters: manifests, chart, compose file, Dockerfile
check-infra *args: infra-tools _broker
    exec pytest tests/infra/cluster "$@"

# bring what that needs: Helm's library, kustomize, promtool, schemas; with it `test` checks all of it, too
infra-tools:
    uv pip install --quiet --require-hashes --requirements '{{ root }}/infra/requirements.lock'
    python -m infra.cluster.tools

# write the alert rules and what they are computed from, for a Prometheus without its operator: alert-rules FILE
alert-rules file:
    cd "$FROM" && exec python -m infra.cluster.tools rules "$1"

# have checkov look at every overlay and the Dockerfile; what is left as it is, infra/checkov.yaml explains
lint-infra: infra-tools
    #!/usr/bin/env bash
    set -euo pipefail
    uv venv --quiet --clear '{{ root }}/.venv/checkov'
    uv pip install --quiet --require-hashes --python '{{ root }}/.venv/checkov' --requirements '{{ root }}/infra/checkov.lock'
    python -m infra.cluster.tools render '{{ root }}/.venv/rendered'
    cd '{{ root }}/.venv/rendered' # from elsewhere it takes them for hidden, and looks at no manifest
    ../checkov/bin/checkov --config-file '{{ root }}/infra/checkov.yaml' -d . | tee ../checkov.txt
    grep -q 'kubernetes scan results' ../checkov.txt

# build the images without a container engine, and run them from their own root (root, Debian, minutes)
check-image *args: _broker
    #!/usr/bin/env bash
    set -euo pipefail
    type buildah debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends buildah debootstrap
    [ -n "${CHECK_IMAGE:-}" ] || { CHECK_IMAGE=$(mktemp -d) && trap 'rm -rf "$CHECK_IMAGE"' EXIT; }
    export CHECK_IMAGE
    pytest -o faulthandler_timeout=1800 tests/infra/cluster/test_image.py "$@"

# splice encodings of sounds of so many seconds, begun at many places, and compare each with one encoder's
splices seconds="600" *args:
    seconds=$1; shift; exec pytest tests/workers/converter/parallel/test_splice.py --spliced-seconds "$seconds" --timeout 0 -o faulthandler_timeout=0 "$@"

# convert so many files that chance has changed, and count the verdicts; --seed N draws others
fuzz-media count="10000" *args:
    mutants=$1; shift; exec pytest tests/workers/converter/conversion/test_mutants.py --mutants "$mutants" --timeout 0 -o faulthandler_timeout=0 "$@"

# run the tests that take minutes
nightly *args: _broker
    exec pytest -m nightly -n 0 -rP -o faulthandler_timeout=0 "$@"

# run the tests of real servers on RabbitMQ 4, from a Debian 13 in a folder: test-broker-4 [pytest's arguments]
test-broker-4 *args:
    #!/usr/bin/env bash
    set -euo pipefail
    type debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends debootstrap
    RABBITMQ_BIN=$(python -m infra.local.servers.trixie "${TRIXIE:-{{ root }}/.venv/trixie}")
    export RABBITMQ_BIN
    exec pytest -n 0 --timeout 600 --long -m 'servers or system' "$@"

# try for real what the runbook says, on a stack of its own: drill NAME; alone it lists them
drill *args: _broker
    exec python -m infra.drills "$@"

# bring the files of other projects that a page needs, by npm, as its vendored.json locks them: vendored FOLDER
vendored folder="gateway/openapi/page":
    exec python -m infra.vendored "$1"

# print the table of speeds, each as a ratio to what the machine can do
bench *args: _broker
    exec python -m bench "$@"

_broker:
    python -m infra.local.servers.install

_curl:
    python -m infra.local.servers.install curl

# Where they cannot be installed, the tests that need them say so.
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
