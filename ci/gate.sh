#!/bin/sh
# What both CIs run: the gate of the project in the current folder, by the Picklock that this file belongs to. Its exit code is the gate's.
#
#   PICKLOCK_CONFIG   another file than picklock.yaml
#   PICKLOCK_ARGS     further arguments, split at blanks: --quick
#   PICKLOCK_REPORTS  where the reports go: picklock-reports
#   PICKLOCK_CACHE    where what was fetched is kept, for the CI to cache
set -uf # what is split into arguments is no file pattern
reports=${PICKLOCK_REPORTS:-picklock-reports}

node "$(dirname "$0")/../bin/picklock" gate \
  ${PICKLOCK_CONFIG:+--config "$PICKLOCK_CONFIG"} --out "$reports" ${PICKLOCK_ARGS:-} && code=0 || code=$?

# Whoever uploads the folder would have the newest drill in it twice.
rm -f "$reports/latest"

if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  if [ -f "$reports/summary.md" ]; then
    cat "$reports/summary.md"
  else
    echo "Picklock's gate ended with exit code $code before it had anything to report: the log of this step tells why."
  fi >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
