# What is checked in the guest. `run NAME COMMAND` prints the command's words between marks and its exit status.
mount_cgroups() {
  case $1 in
    hybrid | v1)
      mount -t tmpfs none /sys/fs/cgroup
      for controller in cpu memory pids devices; do
        mkdir /sys/fs/cgroup/$controller
        mount -t cgroup -o $controller none /sys/fs/cgroup/$controller
      done
      [ $1 = v1 ] || { mkdir /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified; }
      ;;
    *) mount -t cgroup2 none /sys/fs/cgroup ;;
  esac
}

# The agent gets as much as the chart gives it, where this kernel counts memory in one of the hierarchies that are mounted.
limit=138M
group=
limit_memory() {
  for folder in /sys/fs/cgroup/memory /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ -e $folder ] || continue
    [ ! -e $folder/cgroup.subtree_control ] || echo +memory >$folder/cgroup.subtree_control
    mkdir -p $folder/agent
    for file in memory.max memory.limit_in_bytes; do
      [ -e $folder/agent/$file ] || continue
      echo $limit >$folder/agent/$file
      group=$folder/agent
      return
    done
  done
}

limited='[ -z "$group" ] || echo $$ >$group/cgroup.procs; exec saker -c /saker.yaml $arguments'

tell_memory() {
  counted=0
  for file in memory.peak memory.max_usage_in_bytes memory.current; do # the first that this kernel has
    [ -n "$group" ] && [ -e $group/$file ] || continue
    counted=$(cat $group/$file)
    break
  done
  echo "@@memory $(awk '/VmRSS/ { print $2 }' /proc/$agent/status) $((counted / 1024))"
}

alert() { # waits for an alert of that rule
  for _ in $(seq 1200); do
    grep -q "\"rule\":\"$1\"" /tmp/alerts && return
    sleep 0.1
  done
  echo "no alert of: $1"
  return 1
}

sees() { # RULE COMMAND: the command has to be done, and seen
  rule=$1
  shift
  "$@" >/dev/null || { echo "error: no success: $*"; failed=1; }
  alert "$rule" || failed=1
}

fails() { ! "$@"; }

# A program of the other width that this kernel serves.
narrow() {
  sees "32-bit open" act32 open /etc/on-the-host
  sees "32-bit openat" act32 openat /etc/on-the-host
  sees "32-bit open that fails" fails act32 open /etc/not-there
  sees "32-bit writev" act32 writev /tmp/narrow
  sees "32-bit rename" act32 rename /tmp/narrow /tmp/narrow-too
  sees "32-bit unlink" act32 unlink /tmp/narrow-too
  sees "32-bit connect" act32 connect 127.0.0.1 4711
  sees "32-bit sendmsg" act32 sendmsg 127.0.0.1 4712
  sees "32-bit execve" act32 exec /bin/act of-32-bits
  sees "32-bit execve that fails" fails act32 exec /bin/not-there
}

# Programs that take the CPU from each other while the probe works for them: no record may be garbled by another's.
crowd() {
  for _ in 1 2 3 4; do
    (for _ in $(seq 75); do act read /etc/on-the-host >/dev/null; done) &
    readers="$readers $!"
  done
  wait $readers
  ! grep '"level":"error"' /tmp/log || failed=1
}

until_it_says() { # WORDS: in the agent's log
  for _ in $(seq 3000); do
    grep -q "$1" /tmp/log && return
    kill -0 $agent 2>/dev/null || return
    sleep 0.1
  done
}

detect() { # further arguments of the agent
  limit_memory
  group=$group arguments=$* sh -c "$limited" >/tmp/alerts 2>/tmp/log &
  agent=$!
  until_it_says watching
  sees host act read /etc/on-the-host
  sees container sh /container.sh
  narrow
  cpus=/sys/devices/system/cpu
  if [ -e $cpus/cpu1/online ]; then
    echo 0 >$cpus/cpu1/online
    sees "fewer CPUs" act read /etc/with-fewer-cpus
    echo 1 >$cpus/cpu1/online
    sees "more CPUs" taskset -c 1 act read /etc/with-more-cpus
  fi
  last=$(sed 's/.*[-,]//' $cpus/possible)
  if [ $last -gt 1 ] && [ -e $cpus/cpu$last/online ]; then
    echo 1 >$cpus/cpu$last/online
    sees "last CPU" taskset -c $last act read /etc/on-the-last-cpu
  fi
  crowd
  tell_memory
  kill $agent
  wait $agent || failed=1
  cat /tmp/alerts /tmp/log
  return ${failed:-0}
}

# How long loops take with each kind of hooks, or what this kernel says of it, where the clock counts instructions.
count() {
  mount -t tracefs none /sys/kernel/tracing
  for hooks in one each functions none; do # none last, when the machine has come to rest
    agent=
    if [ $hooks != none ]; then
      saker -c /saker.yaml -o saker.sandbox=false -o saker.call_hooks=$hooks >/tmp/alerts 2>/tmp/log &
      agent=$!
      until_it_says watching
      until_it_says "io_uring's requests"
    fi
    if [ "$agent" ] && ! kill -0 $agent 2>/dev/null; then
      echo "refused $hooks: $(grep -o '"level":"error","msg":"[^"]*' /tmp/log | cut -d'"' -f8)"
      continue
    fi
    workload getppid 2000 >/dev/null # the first time is another
    echo "count $hooks getppid: $(workload getppid 20000)"
    echo "count $hooks open and close: $(workload open 4000 /etc/that-no-rule-names)"
    [ ! "$agent" ] || { kill $agent; wait $agent; }
  done
}

cgroups=$(word saker.cgroups)
mount_cgroups ${cgroups:-v2}
if [ "$(word saker.count)" ]; then
  run count count
  return
fi
echo "@@cpus $(cat /sys/devices/system/cpu/possible) possible, $(cat /sys/devices/system/cpu/online) online; pages of $(saker --page-size | grep -o '[0-9]*') bytes"
run doctor saker doctor --programs
if [ "$(word saker.refused)" ]; then
  run detect saker -c /saker.yaml
  return
fi
run detect detect
hooks_functions=$(saker doctor | grep -c "functions can be hooked")
[ $hooks_functions = 0 ] || run functions detect -o saker.call_hooks=functions
# Units that need a kernel: those that an emulator of single programs has to skip.
units() {
  capture_test --gtest_brief=1 --gtest_filter='AccountFiles.*:FileIdentitiesTest.*:Resolver.*' &&
    app_test --gtest_brief=1 --gtest_filter='SandboxTest.*'
}
run units units
[ "$(word saker.quick)" ] || run driver driver_live_test --gtest_brief=1
[ "$(word saker.quick)" ] || [ $hooks_functions = 0 ] || run driver_functions env SAKER_HOOKS=functions driver_live_test --gtest_brief=1
