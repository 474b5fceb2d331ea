// Random conditions of rules, of the real fields and operators, on few values so that events meet them.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace saker::rules {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t count) { return random() % count; }
inline const std::string& pick(Random& random, const std::vector<std::string>& items) {
  return items[below(random, items.size())];
}

inline const std::vector<std::string> kPaths = {
    "/etc/shadow",
    "/etc/passwd",
    "/etc",
    "/",
    "/etc/pam.d/common-auth",
    "/etc/pam.d",
    "/root/.ssh/id_rsa",
    "/home/ann/.ssh/id_rsa",
    "/dev/null",
    "/dev/shm/x",
    "/tmp/release_agent",
    "/sys/fs/cgroup/rdma/release_agent",
    "/etcetera/shadow",
    "/shadow",
    "/proc/1/environ",
    "/usr/bin/python3",
    "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/etc/shadow",
    "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/2/fs/etc/shadow",
    "/tmp/a-name-that-is-longer-than-its-part-of-the-key",
    "/tmp/a-name-that-is-longer-than-its-part-of-the-sea",
    "/ab",
    "/a",
    "/DIR_TOO_LONG/FILENAME_TOO_LONG"};
inline const std::vector<std::string> kBeginnings = {
    "/etc",       "/etc/",  "/etc/pam.d",
    "/root/.ssh", "/dev/s", "/",
    "/proc",      "/v",     "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1"};
inline const std::vector<std::string> kParts = {
    "shadow",      "passwd", "id_rsa", "null", "release_agent",
    "common-auth", "x",      "adow",   "ow",   "a-name-that-is-longer-than-its-part-of-the-key",
    "etc/shadow"};
inline const std::vector<std::string> kDirectories = {"/etc", "/etc/pam.d", "/",
                                                      "/dev", "/root/.ssh", "/tmp"};
inline const std::vector<std::string> kNames = {"bash", "sshd", "python3", "nginx", "init"};

inline std::string list_of(Random& random, const std::vector<std::string>& items) {
  std::string list = "(";
  const std::size_t count = 1 + below(random, 3);
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "'" : ", '") + pick(random, items) + "'";
  return list + ")";
}
inline std::string quoted(Random& random, const std::vector<std::string>& items) {
  return "'" + pick(random, items) + "'";
}

inline std::string name_check(Random& random) {
  switch (below(random, 16)) {
    case 0:
      return "fd.name = " + quoted(random, kPaths);
    case 1:
      return "fd.name in " + list_of(random, kPaths);
    case 2:
      return "fd.name != " + quoted(random, kPaths);
    case 3:
      return "fd.name startswith " + quoted(random, kBeginnings);
    case 4:
      return "fd.name endswith " + quoted(random, kParts);
    case 5:
      return "fd.name contains " + quoted(random, kParts);
    case 6:
      return "fd.name pmatch " + list_of(random, kBeginnings);
    case 7:
      return "fd.name glob " +
             quoted(random, {"/etc/*", "/home/*/.ssh/*", "*shadow", "/e[tx]c/*", "/dev/nul?"});
    case 8:
      return "fd.directory = " + quoted(random, kDirectories);
    case 9:
      return "fd.directory in " + list_of(random, kDirectories);
    case 10:
      return "fd.directory startswith " + quoted(random, kBeginnings);
    case 11:
      return "fd.filename = " + quoted(random, kParts);
    case 12:
      return "fd.filename endswith " + quoted(random, kParts);
    case 13:
      return pick(random, {"fd.nameraw contains '../'", "fd.nameraw glob '*../*../*'",
                           "fd.nameraw startswith '/etc'"});
    case 14:
      return "fd.directory pmatch " + list_of(random, kBeginnings);
    default:
      return "fd.filename in " + list_of(random, kParts);
  }
}

inline std::string open_check(Random& random) {
  return pick(random, {"evt.is_open_read = true",
                       "evt.is_open_write = true",
                       "evt.is_open_write = false",
                       "evt.is_open_create = true",
                       "evt.is_open_exec = true",
                       "fd.num >= 0",
                       "fd.num = -1",
                       "fd.num > 3",
                       "fd.typechar = 'f'",
                       "fd.typechar = 'd'",
                       "fd.type = directory",
                       "evt.arg.flags contains O_TRUNC",
                       "evt.arg.flags contains O_RDWR",
                       "evt.arg.flags contains O_CREAT",
                       "evt.arg.flags contains O_EXCL",
                       "evt.res = SUCCESS",
                       "evt.res startswith E",
                       "evt.res = ENOENT",
                       "evt.failed = true",
                       "evt.rawres >= 0",
                       "evt.rawres = -13",
                       "evt.rawres in (0, 1, 2)",
                       "evt.rawres < 3"});
}

inline std::string process_check(Random& random) {
  switch (below(random, 9)) {
    case 0:
      return "proc.name in " + list_of(random, kNames);
    case 1:
      return "proc.name = " + quoted(random, kNames);
    case 2:
      return "proc.pname in " + list_of(random, kNames);
    case 3:
      return "proc.aname[1] = " + quoted(random, kNames);
    case 4:
      return "proc.aname in " + list_of(random, kNames);
    case 5:
      return "proc.exepath startswith /usr";
    case 6:
      return "proc.cmdline contains " + quoted(random, {"-c", "sshd", "hi"});
    case 7:
      return "proc.pname exists";
    default:
      return "tolower(proc.name) = python3";
  }
}

inline std::string user_check(Random& random) {
  return pick(random, {"user.uid = 1000", "user.uid != 1000", "user.uid in (0, 33, 1000)", "user.uid >= 1000",
                       "user.uid < 65534", "not user.uid in (1000, 65534)", "user.loginuid = -1",
                       "user.loginuid != -1", "user.loginuid >= 1000", "user.loginuid in (0, 1000, -1)",
                       "user.loginuid < 0", "user.uid exists", "user.uid = val(group.gid)"});
}

inline std::string socket_check(Random& random) {
  const auto field = [&](std::string_view what) {
    return "fd." + pick(random, {"", "c", "s", "l", "r"}) + std::string(what);
  };
  const std::vector<std::string> addresses = {"0.0.0.0",         "127.0.0.1", "10.0.0.1",
                                              "169.254.169.254", "::1",       "::"};
  const std::vector<std::string> networks = {"127.0.0.0/8",    "10.0.0.0/8",  "172.16.0.0/12",
                                             "192.168.0.0/16", "10.0.0.0/24", "169.254.169.254/32",
                                             "fd00::/8",       "0.0.0.0/0"};
  const std::vector<std::string> ports = {"0", "22", "53", "80", "443", "8080", "30000"};
  switch (below(random, 10)) {
    case 0:
      return field("ip") + pick(random, {" = ", " != "}) + quoted(random, addresses);
    case 1:
      return field("ip") + " in " + list_of(random, addresses);
    case 2:
      return field("net") + pick(random, {" = ", " != "}) + quoted(random, networks);
    case 3:
      return field("net") + " in " + list_of(random, networks);
    case 4:
      return "not " + field("net") + " in " + list_of(random, networks);
    case 5:
      return field("port") + " in " + list_of(random, ports);
    case 6:
      return field("port") + pick(random, {" = ", " != ", " < ", " >= ", " > "}) + pick(random, ports);
    case 7:
      return "not " + field("port") + " in " + list_of(random, ports);
    case 8:
      return pick(random, {"fd.is_server = true", "fd.name_changed = true", "fd.connected = false",
                           "fd.sport = val(fd.cport)", "fd.rip exists", "fd.proto = 53", "fd.rproto = 443",
                           "fd.name contains 127.0.0.1", "evt.arg.tuple contains '->10.0.0.1'"});
    default:
      return pick(random,
                  {"fd.type in (ipv4, ipv6)", "fd.typechar = 4", "fd.l4proto = udp", "fd.l4proto != tcp",
                   "fd.sockfamily = ip", "fd.type = netlink", "fd.type = event", "fd.typechar = f"});
  }
}

inline std::string other_check(Random& random) {
  return pick(random, {"container.id = host",
                       "container.id != host",
                       "user.uid = 0",
                       "user.uid != 0",
                       "user.uid > 500",
                       "proc.tty != 0",
                       "proc.tty = 0",
                       "user.name = root",
                       "thread.cap_effective contains CAP_SYS_ADMIN",
                       "container.image.repository = nginx",
                       "evt.arg.domain contains AF_PACKET",
                       "evt.arg.domain = AF_INET",
                       "evt.rawarg.domain = 2",
                       "evt.arg.request contains PTRACE_ATTACH",
                       "evt.arg.request = PTRACE_TRACEME",
                       "evt.arg.flags contains CLONE_NEWUSER",
                       "evt.arg.flags contains CLONE_NEWNS",
                       "evt.arg.sig = SIGKILL",
                       "fd.type in (ipv4, ipv6)",
                       "fd.typechar = 4",
                       "fd.type = unix",
                       "fd.l4proto = tcp",
                       "fd.l4proto != tcp",
                       "fd.sockfamily = ip",
                       "fd.sip.name = x",
                       "evt.is_io_write = true",
                       "evt.type = openat",
                       "evt.type in (open, openat, openat2)",
                       "evt.type = connect",
                       "evt.type in (ptrace, socket, unshare, kill)",
                       "evt.type = dup",
                       "evt.dir = <",
                       "syscall.type = creat",
                       "evt.type = creat",
                       "fs.path.name = /etc/shadow"});
}

// Calls that are no opens, and what fields tell of their paths.
struct PathCalls {
  std::vector<std::string> types, fields;
};
inline const std::vector<PathCalls> kPathCalls = {
    {{"rename", "renameat2"}, {"evt.arg.oldpath", "evt.arg.newpath", "fs.path.source", "fs.path.target"}},
    {{"unlink", "rmdir"}, {"evt.arg.path", "evt.arg[1]", "fs.path.name", "evt.rawarg.path"}},
    {{"unlinkat", "unlink"}, {"evt.arg.name", "fs.path.name", "fs.path.nameraw", "evt.arg.path"}},
    {{"mkdirat", "unlinkat"}, {"evt.arg.path", "evt.arg.name", "fs.path.name"}},
    {{"symlink", "symlinkat"}, {"evt.arg.target", "evt.rawarg.target", "evt.arg.linkpath", "fs.path.target"}},
    {{"link", "linkat"}, {"evt.arg.oldpath", "evt.arg.newpath", "fs.path.source", "fs.path.target"}},
    {{"chmod", "fchmodat"}, {"evt.arg.filename", "fs.path.name", "evt.arg.filename"}},
    {{"mount", "symlink"},
     {"evt.arg.dev", "evt.arg.dir", "fs.path.source", "fs.path.target", "evt.arg.type"}},
};

inline const PathCalls& pick_calls(Random& random) { return kPathCalls[below(random, kPathCalls.size())]; }

inline std::string path_check(Random& random, const PathCalls& calls) {
  const std::string field = pick(random, below(random, 8) == 0 ? pick_calls(random).fields : calls.fields);
  switch (below(random, 12)) {
    case 0:
      return field + " = " + quoted(random, kPaths);
    case 1:
      return field + " in " + list_of(random, kPaths);
    case 2:
      return field + " != " + quoted(random, kPaths);
    case 3:
      return field + " startswith " + quoted(random, kBeginnings);
    case 4:
      return field + " endswith " + quoted(random, kParts);
    case 5:
      return field + " endswith " + quoted(random, {"/etc/shadow", ".d/x", "/x", "x", "/id_rsa", "/"});
    case 6:
      return field + " contains " +
             quoted(random,
                    {"/.ssh/", "shadow", "/.", "pam", "e", "release_agent", ".d/common", "snapshots"});
    case 7:
      return field + " pmatch " + list_of(random, kBeginnings);
    case 8:
      return field + " glob " + quoted(random, {"/etc/*", "/home/*/.ssh/*", "*shadow", "/e[tx]c/*", "sha*"});
    case 9:
      return field + " icontains " + quoted(random, {"SHADOW", "Etc"});
    case 10:
      return field + " in " + list_of(random, {"shadow", "x", "../x", "/etc/", "<NA>", "/etc/shadow"});
    default:
      return pick(random,
                  {field + " exists", "evt.arg.mode contains S_ISUID", "evt.arg.mode contains S_ISGID",
                   "evt.arg.mode contains S_IXUSR", "evt.arg.mode = 0"});
  }
}

inline std::string event_types(Random& random) {
  return pick(random, {"evt.type = openat", "evt.type in (open, openat, openat2)",
                       "evt.type in (open, creat)", "evt.type in (ptrace, unshare, socket)",
                       "evt.type in (connect, sendto, dup)", "evt.type != openat"});
}

// A check of what calls of one kind have; opens are looked at most.
using Check = std::function<std::string(Random&)>;

inline std::string condition(Random& random, int depth, const Check& own = name_check) {
  const std::size_t choice = below(random, depth <= 0 ? 5 : 11);
  if (choice < 2) return own(random);
  if (choice == 4 && below(random, 3) == 0) return user_check(random);
  if (choice == 2) return open_check(random);
  if (choice == 3) return process_check(random);
  if (choice == 4) return other_check(random);
  if (choice == 5) return "not (" + condition(random, depth - 1, own) + ")";
  const std::string word = choice < 9 ? " and " : " or ";
  std::string text = "(" + condition(random, depth - 1, own);
  const std::size_t more = 1 + below(random, 3);
  for (std::size_t i = 0; i < more; ++i) text += word + condition(random, depth - 1, own);
  return text + ")";
}

}  // namespace saker::rules
