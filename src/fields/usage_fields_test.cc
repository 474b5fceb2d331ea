// Fields that need details: what they read from the parts of a record, and that they are missing without.
#include <arpa/inet.h>

#include "event/parts_for_tests.h"
#include "fields/field_rows.h"
#include "fields/scene_for_tests.h"

namespace saker::fields {
namespace {

using event::Parts;

saker_usage example_usage() {
  saker_usage usage{};
  usage.vm_kb = 5000;
  usage.rss_kb = 1200;
  usage.swap_kb = 8;
  usage.major_faults = 3;
  usage.minor_faults = 400;
  usage.run_ns = 25 * Scene::kSecond;
  usage.slice_ns = 1000;
  usage.user_ns = 20 * Scene::kSecond;
  usage.system_ns = 5 * Scene::kSecond;
  usage.thread_start_ns = 5;
  usage.files_max = 1024;
  usage.files = 512;
  usage.threads = 4;
  return usage;
}

TEST(UsageFields, AreMissingWhereTheProbeWasNotAsked) {
  Scene scene;
  for (const Field& field : usage_fields()) {
    if (field.details != 0 && field.argument == ArgumentKind::kNone)
      scene.expect({{field.name, "(missing)"}});
  }
}

TEST(UsageFields, MemoryTimeAndDescriptors) {
  Scene scene;
  Parts parts;
  parts.add_struct(SAKER_PART_USAGE, 0, example_usage());
  scene.event.details = parts.bytes();
  scene.event.task.main_thread = true;
  scene.expect({{"proc.vmsize", "5000u"},
                {"proc.vmrss", "1200u"},
                {"proc.vmswap", "8u"},
                {"thread.vmsize", "5000u"},
                {"thread.vmrss.b", "1228800u"},
                {"thread.pfmajor", "3u"},
                {"thread.pfminor", "400u"},
                {"thread.totexectime", "25000000000u"},
                {"thread.exectime", "1000u"},
                {"thread.cpu", "25"},
                {"thread.cpu.user", "20"},
                {"thread.cpu.system", "5"},
                {"proc.fdopencount", "512u"},
                {"proc.fdlimit", "1024"},
                {"proc.fdusage", "50"},
                {"proc.nthreads", "4u"},
                {"proc.nchilds", "3u"}});
  scene.event.task.main_thread = false;
  scene.expect({{"thread.vmsize", "0u"}, {"proc.vmsize", "5000u"}});
}

TEST(UsageFields, StandardDescriptorsAndTheTypesOfAll) {
  Scene scene;
  saker_descriptor pipe{};
  pipe.kind = SAKER_DESCRIPTOR_PIPE;
  saker_descriptor file{};
  file.fd = 2;
  file.kind = SAKER_DESCRIPTOR_FILE;
  file.inode_mode = S_IFCHR | 0600;
  saker_listed_file listed[4] = {
      {.fd = 0, .inode_mode = S_IFIFO, .magic = 0, .family = 0, .type = 0, .name = ""},
      {.fd = 2, .inode_mode = S_IFCHR, .magic = 0, .family = 0, .type = 0, .name = "tty"},
      {.fd = 3, .inode_mode = S_IFREG, .magic = 0, .family = 0, .type = 0, .name = "x"},
      {.fd = 9, .inode_mode = S_IFSOCK, .magic = 0, .family = AF_INET, .type = 1, .name = ""}};
  Parts parts;
  parts.add_struct(SAKER_PART_DESCRIPTOR, SAKER_STANDARD_FD, pipe)
      .add_struct(SAKER_PART_DESCRIPTOR, SAKER_STANDARD_FD + 2, file)
      .add(SAKER_PART_DESCRIPTOR_NAME, SAKER_STANDARD_FD + 2, "/dev/tty")
      .add_struct(SAKER_PART_FILES, 0, listed);
  scene.event.details = parts.bytes();
  scene.expect({{"proc.stdin.type", "'pipe'"},
                {"proc.stdin.name", "''"},
                {"proc.stdout.type", "(missing)"},
                {"proc.stderr.type", "'file'"},
                {"proc.stderr.name", "'/dev/tty'"},
                {"fd.types", "['pipe' 'file' 'ipv4']"},
                {"fd.types[9]", "['ipv4']"},
                {"fd.types[4]", "(missing)"}});
}

TEST(UsageFields, Cgroups) {
  Scene scene;
  const std::vector<std::string> subsystems = {"cpu", "memory", "io", "pids"};
  Parts parts;
  parts.add(SAKER_PART_TASK_CGROUP, 0, "/a")
      .add(SAKER_PART_TASK_CGROUP, 1, "/m")
      .add(SAKER_PART_TASK_CGROUP, 2, "/b")
      .add(SAKER_PART_TASK_CGROUP, 3, "/p");
  scene.event.details = parts.bytes();
  scene.subject.cgroup_subsystems = subsystems;
  scene.expect({{"thread.cgroups", "'cpu=/a blkio=/b memory=/m'"},
                {"thread.cgroup.memory", "'/m'"},
                {"thread.cgroup.pids", "'/p'"},
                {"thread.cgroup.blkio", "'/b'"},
                {"thread.cgroup.cpuset", "(missing)"}});
}

TEST(UsageFields, TheDescriptorsOfAPoll) {
  Scene scene;
  saker_descriptor socket{};
  socket.fd = 7;
  socket.kind = SAKER_DESCRIPTOR_SOCKET;
  socket.family = AF_INET;
  socket.local_port = 8080;
  saker_descriptor pipe{};
  pipe.fd = 3;
  pipe.kind = SAKER_DESCRIPTOR_PIPE;
  Parts parts;
  parts.add_struct(SAKER_PART_DESCRIPTOR, SAKER_POLLED, pipe)
      .add_struct(SAKER_PART_DESCRIPTOR, SAKER_POLLED, socket);
  scene.event.details = parts.bytes();
  scene.expect({{"fdlist.nums", "'3,7'"}, {"fdlist.names", "'0.0.0.0:8080'"}, {"fdlist.sips", "(missing)"}});
}

TEST(EnvironmentFields, OneVariableAndAll) {
  Scene scene;
  using namespace std::string_literals;
  const auto set = [&](std::uint32_t pid, const std::string& text) {
    scene.processes.set_environment(scene.id(pid), text);
  };
  scene.expect({{"proc.env", "(missing)"}, {"proc.env[HOME]", "(missing)"}, {"proc.aenv", "(missing)"}});
  set(22, "PATH=/bin\0LD_PRELOAD=  /tmp/x.so \0EMPTY=\0"s);
  set(21, "HOME=/home/a\0SECRET=1\0"s);
  set(20, "HOME=/root\0"s);
  scene.expect({{"proc.env", "'PATH=/bin LD_PRELOAD=  /tmp/x.so  EMPTY='"},
                {"proc.env[LD_PRELOAD]", "'/tmp/x.so'"},
                {"proc.env[EMPTY]", "''"},
                {"proc.env[PAT]", "''"},
                {"proc.aenv", "['HOME=/home/a SECRET=1' 'HOME=/root']"},
                {"proc.aenv[2]", "'HOME=/root'"},
                {"proc.aenv[HOME]", "'/home/a'"},
                {"proc.aenv[NOPE]", "''"}});
}

}  // namespace
}  // namespace saker::fields
