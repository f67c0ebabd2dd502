# SPDX-License-Identifier: Apache-2.0
# What the shows of tests/try share: a way to explain, to show a command, and to claim only what was checked.
# shellcheck shell=bash disable=SC2154 # runtime and name are the show's

claims=()

explain() { printf '\n\n\033[1m# %s\033[0m\n' "$*"; }
show() {
  printf '$ %s\n' "$*"
  "$@"
}
unitc() {
  printf '$ %s %s\n' "$name" "$*"
  "${runtime[@]}" "$@"
}
fail() {
  printf '\nNOT as promised: %s\n' "$*"
  exit 1
}
# claim TEXT COMMAND...: the command proves the text.
claim() {
  local text=$1
  shift
  "$@" >/dev/null || fail "$text"
  claims+=("$text")
}

# The summary.
tell_claims() {
  printf '\n\033[1mWhat you saw, each checked on the way:\033[0m\n'
  printf '  ok  %s\n' "${claims[@]}"
}
