#!/usr/bin/env bash
# The suites for a real cluster, from sources to results, against the cluster that KUBECONFIG names:
#
#   test/cluster/run.sh images            builds the images of this checkout
#   test/cluster/run.sh load              gives them to the cluster
#   test/cluster/run.sh test [FILE...]    runs the suites, or these test files
#   test/cluster/run.sh                   does all of this
#
# WARMTERM_BUILD_IMAGE   the command that builds an image             docker build --quiet
# WARMTERM_LOAD_IMAGE    the command that gives the cluster images    kind load docker-image
# WARMTERM_IMAGE_TAG     their tag                                    ci
# WARMTERM_TEST_HELM     the helm to test with                        the one on the PATH
#
# For a kind cluster that is not called `kind`: WARMTERM_LOAD_IMAGE='kind load docker-image --name NAME'. For a cluster that pulls from
# a registry, do not use this script: push the images, and run `npm run test:cluster` with
# WARMTERM_TEST_VALUES=images.registry=REGISTRY,images.tag=TAG.
set -euo pipefail
cd "$(dirname "$0")/../.."
read -ra build <<<"${WARMTERM_BUILD_IMAGE:-docker build --quiet}"
read -ra load <<<"${WARMTERM_LOAD_IMAGE:-kind load docker-image}"
tag=${WARMTERM_IMAGE_TAG:-ci}
# Pods of the suites that test no image of ours run Node in this one.
base=node:24-trixie-slim

build_images() {
  local service
  # Docker's builder keeps no base image that could be given to a cluster.
  [ "${build[0]}" != docker ] || docker image inspect "$base" >/dev/null 2>&1 || docker pull --quiet "$base"
  for service in manager webserver terminal; do
    "${build[@]}" -t "warmterm-$service:$tag" -f "$service/Dockerfile" .
  done
}

load_images() { "${load[@]}" "$base" warmterm-{manager,webserver,terminal}:"$tag"; }

run_suites() { WARMTERM_TEST_VALUES="images.tag=$tag" npm run test:cluster -- "$@"; }

case ${1-} in
  '')
    build_images
    load_images
    run_suites
    ;;
  images) build_images ;;
  load) load_images ;;
  test) run_suites "${@:2}" ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac
