// An event of python3 (22), child of bash (21), of sshd (20), of init (1), and how a field reads it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "fields/catalogue.h"
#include "state/process_table.h"

namespace saker::fields {

inline event::Text text_of(std::string_view bytes) { return {bytes, true, false}; }

inline std::string shown(const Value& value) {
  switch (value.kind()) {
    case Kind::kMissing:
      return "(missing)";
    case Kind::kText:
      return fmt::format("'{}'", value.text());
    case Kind::kBool:
      return value.boolean() ? "true" : "false";
    case Kind::kInt:
      return fmt::format("{}", value.integer());
    case Kind::kUint:
      return fmt::format("{}u", value.unsigned_integer());
    case Kind::kIp:
      return "(address)";
    case Kind::kList:
      break;
  }
  std::string all;
  for (const Value& item : value.list()) all += fmt::format("{}{}", all.empty() ? "[" : " ", shown(item));
  return all + "]";
}

class Scene {
 public:
  static constexpr std::uint64_t kSecond = 1'000'000'000;

  Scene() {
    users.users[0] = {"root", "/root", "/bin/bash"};
    users.users[1000] = {"ann", "/home/ann", "/bin/zsh"};
    users.groups[1000] = "staff";
    add(1, 0, "init", "/sbin/init", std::string("/sbin/init\0", 11));
    add(20, 1, "sshd", "/usr/sbin/sshd", std::string("sshd\0-D\0", 8));
    add(21, 20, "bash", "/bin/bash", std::string("-bash\0", 6));
    add(22, 21, "python3", "/usr/bin/python3.11", std::string("./run.py\0-c\0echo  hi\0\0--opt=v\0", 30));

    event.type = event::kOpenat;
    event.cpu = 3;
    event.number = 7;
    event.time_ns = 100 * kSecond + 5;
    event.wall_ns = 1566230400010000000;
    event::Task& task = event.task;
    task.process = id(22);
    task.parent = id(21);
    task.tid = 23;
    task.vtid = 6;
    task.vpid = 5;
    task.parent_vpid = 4;
    task.session = 21;
    task.vsession = 4;
    task.group = 22;
    task.vgroup = 5;
    task.uid = task.gid = 0;
    task.euid = task.egid = 1000;
    task.tty = 34816;
    task.cap_permitted = 0x3f;
    task.cap_effective = 1;
    task.comm = "python3";
    event::File file;
    file.result = 5;
    file.name = text_of("../etc//passwd");
    file.cwd = text_of("/root");
    file.resolved = text_of("/etc/passwd");
    file.flags = 20487;
    file.mode = 0755;
    file.dev = 0x803;
    file.ino = 4242;
    file.inode_mode = S_IFREG | 0644;
    event.body = file;

    subject.event = &event;
    subject.processes = &processes;
    subject.process = processes.find_pid(22);
    subject.users = &users;
    subject.where = state::Where::kHost;
    subject.hostname = "node-1";
    subject.boot_wall_ns = 1566230300 * kSecond;
  }

  static event::ProcessId id(std::uint32_t pid) { return {pid, pid == 0 ? 0 : pid * kSecond}; }
  event::File& file() { return std::get<event::File>(event.body); }

  std::string read(std::string_view field) {
    const auto prefix = syscall_catalogue().resolve_prefix(field);
    if (!prefix.ref || prefix.length != field.size()) return "(not a field: " + prefix.problem.message + ")";
    return shown(prefix.ref->read(subject, arena));
  }

  struct Row {
    std::string_view field, shown;
  };
  void expect(std::initializer_list<Row> rows) {
    for (const Row& row : rows) EXPECT_EQ(read(row.field), row.shown) << row.field;
  }

  event::Event event;
  state::Users users;
  state::ProcessTable processes{{}};
  Subject subject;
  Arena arena;

 private:
  void add(std::uint32_t pid, std::uint32_t parent, std::string comm, std::string exepath, std::string args) {
    state::ScannedProcess process;
    process.id = id(pid);
    process.parent = id(parent);
    process.comm = std::move(comm);
    process.exepath = std::move(exepath);
    process.args = std::move(args);
    process.cwd = "/home/ann";
    process.session = pid == 1 ? 1 : 21;
    process.group = pid;
    process.exe_file_known = pid != 21;
    process.exe_file.ino = pid == 22 ? 777 : 0;
    process.exe_file.ctime_ns = pid == 22 ? kSecond : 0;
    process.exe_file.mtime_ns = pid == 22 ? 2 * kSecond : 0;
    process.exe_file.writable = true;
    processes.add_scanned(process);
  }
};

}  // namespace saker::fields
