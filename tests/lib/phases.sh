# SPDX-License-Identifier: Apache-2.0
# A small scheduler for the phases of a run: each is a shell function that may need others and occupies one resource;
# phases of different resources run side by side. Results are lines "PASS|FAIL|SKIP name reason".
# shellcheck shell=bash disable=SC2154,SC2034 # shared variables

phase_order=()
declare -A phase_needs=() phase_resource=() phase_state=() phase_pid=() phase_start=()

# phase NAME RESOURCE [NEEDS...]: runs the function phase_NAME (dashes as underscores) once what it needs is done.
phase() {
  phase_order+=("$1")
  phase_resource[$1]=$2
  phase_state[$1]=waiting
  shift 2
  phase_needs[${phase_order[-1]}]="$*"
}

# A phase writes its results to $results; one that writes none counts as one result of its own name.
phase_begin() {
  local name=$1
  phase_start[$name]=$SECONDS
  rm -f "$work/$name.results"
  set -m # a process group each, so that an interrupted run can end all of it
  (
    results=$work/$name.results
    "phase_${name//-/_}"
  ) </dev/null >"$work/$name.log" 2>&1 &
  set +m
  phase_pid[$name]=$!
  phase_state[$name]=running
}

phase_end() {
  local name=$1 status=$2 seconds word=ok
  local file=$work/$name.results
  seconds=$((SECONDS - phase_start[$name]))
  touch "$file"
  if [[ $status -ne 0 ]] && ! grep -q '^FAIL ' "$file"; then
    echo "FAIL $name ended with status $status" >>"$file"
  elif [[ ! -s $file ]]; then
    echo "PASS $name" >>"$file"
  fi
  phase_state[$name]='done'
  if grep -q '^FAIL ' "$file"; then
    word=FAILED phase_state[$name]=failed
    sed "/^ok /d; s/^/  $name | /" "$work/$name.log" | tail -n "${LOG_LINES:-150}"
  fi
  printf '%-12s %-6s %4d s  %s\n' "$name" "$word" "$seconds" "$(phase_summary "$file")"
}

phase_summary() {
  awk '{ n[$1]++ } END { printf "%d passed, %d failed, %d skipped\n", n["PASS"], n["FAIL"], n["SKIP"] }' "$1"
}

# The state a phase's needs are in: done, failed or waiting.
phase_readiness() {
  local need state='done'
  for need in ${phase_needs[$1]}; do
    case ${phase_state[$need]:-done} in
      failed) printf 'failed %s\n' "$need" && return ;;
      done) ;;
      *) state=waiting ;;
    esac
  done
  echo "$state"
}

# Starts whatever can start now; what can never start is a skip that says why.
phase_start_ready() {
  local name ready
  for name in "${phase_order[@]}"; do
    [[ ${phase_state[$name]} == waiting ]] || continue
    ready=$(phase_readiness "$name")
    case $ready in
      failed*)
        phase_state[$name]=failed
        echo "SKIP $name needs ${ready#failed }, which failed" | tee "$work/$name.results"
        ;;
      done) phase_resource_is_taken "${phase_resource[$name]}" || phase_begin "$name" ;;
    esac
  done
}

phase_resource_is_taken() {
  local name
  for name in "${phase_order[@]}"; do
    [[ ${phase_state[$name]} != running || ${phase_resource[$name]} != "$1" ]] || return 0
  done
  return 1
}

phases_run() {
  local name pid status
  trap phases_abort INT TERM HUP
  while :; do
    phase_start_ready
    phase_start_ready # a failed one may have made another impossible
    status=0 pid=''
    wait -n -p pid || status=$?
    [[ -n ${pid:-} ]] || break # wait unsets it where there is nothing to wait for
    for name in "${phase_order[@]}"; do
      [[ ${phase_pid[$name]:-} != "$pid" ]] || phase_end "$name" "$status"
    done
  done
  trap - INT TERM HUP
}

phases_abort() {
  local name
  trap '' INT TERM HUP
  say "interrupted"
  for name in "${phase_order[@]}"; do
    [[ ${phase_state[$name]} != running ]] || kill -TERM -- "-${phase_pid[$name]}" 2>/dev/null || true
  done
  wait
  exit 130
}

# One line over all results, after what failed and what was skipped: whoever sees nothing but the end of a log knows
# what to look for. A test skipped in one lane that ran in another is not skipped.
results_total() {
  awk '
    $1 == "PASS" { passed++; ran[$2] = 1 }
    $1 == "FAIL" {
      phase = FILENAME
      gsub(/.*\/|\.results$/, "", phase)
      print "failed", phase, substr($0, 6)
      failed++
      ran[$2] = 1
    }
    $1 == "SKIP" { name = $2; sub(/^SKIP [^ ]+ ?/, ""); reason[name] = $0 }
    END {
      for (name in reason) if (!(name in ran)) { skipped++; printf "skipped %s: %s\n", name, reason[name] | "sort" }
      close("sort")
      printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
      exit failed > 0
    }' "$@"
}
