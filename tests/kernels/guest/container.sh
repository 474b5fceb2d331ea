# Reads a file in a cgroup named as Docker's are, on every hierarchy.
id=$(printf 'c%063d' 0)
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -e $folder/cgroup.procs ] || continue
  mkdir -p $folder/docker/$id
  echo $$ >$folder/docker/$id/cgroup.procs
done
exec act read /etc/secret
