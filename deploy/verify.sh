#!/bin/sh
# Verifies an installation in a cluster: the checks of the runbook, each with what counts as success.
#
#   deploy/verify.sh [-n NAMESPACE] [--without-argocd] [--without-relay] [--help]
#
# Needs kubectl and the right to get and list in the namespace (and to get the Argo CD application). Changes nothing.
# One line a check, "pass" or "FAIL" with what was found; the exit status is the number of checks that failed.
set -u

namespace=falco
argocd=yes
relay=yes
while [ $# -gt 0 ]; do
  case $1 in
    -n | --namespace) namespace=${2:?"$1 needs a name"}; shift ;;
    --without-argocd) argocd=no ;;
    --without-relay) relay=no ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "verify.sh: unknown option $1; see --help" >&2; exit 64 ;;
  esac
  shift
done
command -v kubectl >/dev/null || { echo "verify.sh: kubectl is not installed" >&2; exit 69; }

agents=app.kubernetes.io/name=falco
relays=app.kubernetes.io/name=falcosidekick
failed=0

pass() { printf 'pass  %s\n' "$1"; }
fail() { printf 'FAIL  %s\n' "$1"; failed=$((failed + 1)); }

# What kubectl prints, or what it says is wrong, after which ask() is false.
ask() { answer=$(kubectl "$@" 2>&1); }

count() { printf '%s' "$1" | grep -c .; }

# verdict CONDITION-STATUS WHAT FOUND
verdict() { if [ "$1" = 0 ]; then pass "$2: $3"; else fail "$2: $3"; fi; }

check_application() {
  what="the Argo CD application is Synced and Healthy"
  if ! ask get applications.argoproj.io -n argocd falco -o 'jsonpath={.status.sync.status} {.status.health.status}'; then
    fail "$what: $answer"; return
  fi
  [ "$answer" = "Synced Healthy" ]; verdict $? "$what" "${answer:-no status}"
}

check_daemonset() {
  what="the agent is ready on every node"
  if ! ask get daemonset -n "$namespace" -l $agents -o \
    'jsonpath={range .items[*]}{.metadata.name} {.status.desiredNumberScheduled} {.status.numberReady} {.status.updatedNumberScheduled}{"\n"}{end}'; then
    fail "$what: $answer"; return
  fi
  if [ "$(count "$answer")" != 1 ]; then fail "$what: $(count "$answer") DaemonSets with $agents"; return; fi
  # shellcheck disable=SC2086  # words on purpose
  set -- $answer
  [ "${2:-0}" -gt 0 ] && [ "${3:-0}" = "$2" ] && [ "${4:-0}" = "$2" ]
  verdict $? "$what" "$1: desired ${2:-0}, ready ${3:-0}, of this version ${4:-0}"
}

check_deployment() {
  what="the relay is available"
  if ! ask get deploy -n "$namespace" -l $relays -o \
    'jsonpath={range .items[*]}{.metadata.name} {.spec.replicas} {.status.availableReplicas}{"\n"}{end}'; then
    fail "$what: $answer"; return
  fi
  if [ "$(count "$answer")" != 1 ]; then fail "$what: $(count "$answer") Deployments with $relays"; return; fi
  # shellcheck disable=SC2086
  set -- $answer
  [ "${3:-0}" -ge 1 ]; verdict $? "$what" "$1: ${3:-0} of ${2:-0}"
}

check_pods() {
  what="every pod runs and is ready"
  if ! ask get pods -n "$namespace" -o \
    'jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.status.conditions[?(@.type=="Ready")].status} {range .status.containerStatuses[*]}{.restartCount},{end}{"\n"}{end}'; then
    fail "$what: $answer"; return
  fi
  if [ "$(count "$answer")" = 0 ]; then fail "$what: there are none in $namespace"; return; fi
  bad=$(printf '%s\n' "$answer" | awk '$2 != "Succeeded" && ($2 != "Running" || $3 != "True")')
  [ -z "$bad" ]; verdict $? "$what" "$(count "$answer") pods${bad:+, not: $(printf %s "$bad" | tr '\n' ';')}"
}

# check_log WHAT SELECTOR PATTERN: the pattern may be there once (a start that was refused), not again and again.
check_log() {
  if ! ask logs -n "$namespace" -l "$2" --all-containers --tail=200; then fail "$1: $answer"; return; fi
  if [ "$(count "$answer")" = 0 ]; then fail "$1: the log is empty"; return; fi
  bad=$(printf '%s\n' "$answer" | grep -E -i "$3")
  [ "$(count "$bad")" -le 1 ]
  verdict $? "$1" "$(count "$bad") such lines in $(count "$answer")$([ -z "$bad" ] || printf '; the last: %s' "$(printf '%s\n' "$bad" | tail -1)")"
}

# The relay says when a sink goes down and when it is up again, and the state of each in its summaries: the last word counts.
check_sinks() {
  what="every sink takes alerts"
  if ! ask logs -n "$namespace" -l $relays --all-containers --tail=200; then fail "$what: $answer"; return; fi
  down=$(printf '%s\n' "$answer" | awk '
    match($0, /sink [a-z.]+ (is down|refuses us|is up again)/) {
      split(substr($0, RSTART, RLENGTH), word, " ")
      state[word[2]] = word[4] == "up" ? "up" : "down"
    }
    /alerts stored: / {
      count = split($0, part, "; ")
      for (i = 2; i <= count; ++i)
        if (match(part[i], /^[a-z.]+: /)) state[substr(part[i], 1, RLENGTH - 2)] = part[i] ~ /, down/ ? "down" : "up"
    }
    END { for (name in state) if (state[name] == "down") printf "%s ", name }')
  [ -z "$down" ]; verdict $? "$what" "${down:-none }down"
}

[ $argocd = no ] || check_application
check_daemonset
[ $relay = no ] || check_deployment
check_pods
# Alerts are lines of the log too, and their text is anybody's: only the agent's own lines count, which have a level.
check_log "no repeated failures of the probe in the agents' logs" $agents \
  '"level": ?"(error|critical|fatal)".*(probe|driver|bpf|kernel|ring buffer)|(scap_init|modern_ebpf).*(fail|error)'
[ $relay = no ] || check_log "no repeated delivery errors in the relay's log" $relays \
  '"level": ?"(error|critical|warning)".*(loki|deliver)|\[ERROR\] *: *loki'
[ $relay = no ] || check_sinks
exit $failed
