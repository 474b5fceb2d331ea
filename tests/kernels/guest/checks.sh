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

alert() { # waits for an alert of that rule
  for _ in $(seq 300); do
    grep -q "\"rule\":\"$1\"" /tmp/alerts && return
    sleep 0.1
  done
  echo "no alert of: $1"
  return 1
}

detect() {
  saker -c /saker.yaml >/tmp/alerts 2>/tmp/log &
  agent=$!
  for _ in $(seq 600); do grep -q watching /tmp/log && break; sleep 0.1; done
  act read /etc/on-the-host && alert host || failed=1
  sh /container.sh && alert container || failed=1
  if [ -e /sys/devices/system/cpu/cpu1/online ]; then
    echo 0 >/sys/devices/system/cpu/cpu1/online
    act read /etc/with-fewer-cpus && alert "fewer CPUs" || failed=1
    echo 1 >/sys/devices/system/cpu/cpu1/online
    taskset 2 act read /etc/with-more-cpus && alert "more CPUs" || failed=1
  fi
  kill $agent
  wait $agent || failed=1
  cat /tmp/alerts /tmp/log
  return ${failed:-0}
}

cgroups=$(word saker.cgroups)
mount_cgroups ${cgroups:-v2}
echo "@@cpus $(cat /sys/devices/system/cpu/possible) possible, $(cat /sys/devices/system/cpu/online) online; pages of $(saker --page-size | grep -o '[0-9]*') bytes"
run doctor saker doctor --programs
run detect detect
[ "$(word saker.quick)" ] || run driver driver_live_test --gtest_brief=1
