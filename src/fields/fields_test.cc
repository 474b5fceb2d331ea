#include <gtest/gtest.h>

#include "event/open_flags.h"
#include "fields/arguments.h"
#include "fields/scene_for_tests.h"

namespace saker::fields {
namespace {

TEST(Arguments, Split) {
  using namespace std::string_view_literals;
  struct Row {
    std::string_view argv, first, joined;
    std::size_t count, bytes;
  };
  const Row rows[] = {
      {""sv, "", "", 0, 0},
      {"a\0"sv, "a", "", 0, 0},
      {"a"sv, "a", "", 0, 0},
      {"a\0b\0"sv, "a", "b", 1, 1},
      {"a\0b\0c"sv, "a", "b c", 2, 2},
      {"a\0\0"sv, "a", "", 1, 0},
      {"a\0\0b\0"sv, "a", " b", 2, 1},
      {"\0x\0"sv, "", "x", 1, 1},
      {"./r\0-c\0echo  hi\0\0--opt=v\0"sv, "./r", "-c echo  hi  --opt=v", 4, 17},
  };
  for (const Row& row : rows) {
    Arena arena;
    EXPECT_EQ(first_argument(row.argv), row.first);
    EXPECT_EQ(joined_arguments(row.argv, arena), row.joined);
    EXPECT_EQ(count_later_arguments(row.argv).count, row.count) << row.joined;
    EXPECT_EQ(count_later_arguments(row.argv).bytes, row.bytes) << row.joined;
  }
  Arena arena;
  EXPECT_EQ(command_line("x", "a\0\0"sv, arena), "x ");
  EXPECT_EQ(command_line("x", "a\0"sv, arena), "x");
  EXPECT_EQ(later_argument("a\0\0b\0"sv, 0), "");
  EXPECT_EQ(later_argument("a\0\0b\0"sv, 1), "b");
  EXPECT_EQ(later_argument("a\0\0b\0"sv, 2), std::nullopt);
}

TEST(Fields, TimesSinceOtherEvents) {
  Scene scene;
  scene.expect({{"evt.reltime", "0u"}, {"evt.deltatime", "0u"}});
  scene.subject.first_wall_ns = scene.event.wall_ns - 3 * Scene::kSecond - 7;
  scene.subject.previous_wall_ns = scene.event.wall_ns - 20;
  scene.expect({{"evt.reltime", "3000000007u"},
                {"evt.reltime.s", "3u"},
                {"evt.reltime.ns", "7u"},
                {"evt.deltatime", "20u"},
                {"evt.deltatime.s", "0u"}});
  scene.subject.previous_wall_ns = scene.event.wall_ns + 20;
  scene.expect({{"evt.deltatime", "0u"}});
}

TEST(EvtFields, OfAnOpen) {
  Scene scene;
  scene.expect({
      {"evt.num", "7u"},
      {"evt.time.iso8601", "'2019-08-19T16:00:00.010000000+0000'"},
      {"evt.rawtime", "1566230400010000000u"},
      {"evt.rawtime.s", "1566230400u"},
      {"evt.rawtime.ns", "10000000u"},
      {"evt.type", "'openat'"},
      {"syscall.type", "'openat'"},
      {"evt.type.is.openat", "1u"},
      {"evt.type.is.open", "0u"},
      {"evt.category", "'file'"},
      {"evt.dir", "'<'"},
      {"evt.cpu", "3"},
      {"evt.hostname", "'node-1'"},
      {"evt.source", "'syscall'"},
      {"evt.is_async", "false"},
      {"evt.latency.human", "'0ns'"},
      {"evt.res", "'SUCCESS'"},
      {"evt.rawres", "5"},
      {"evt.failed", "false"},
      {"evt.count", "1u"},
      {"evt.count.exit", "1u"},
      {"evt.count.error", "0u"},
      {"evt.count.error.file", "0u"},
      {"evt.count.error.other", "(missing)"},
      {"evt.count.error.net", "(missing)"},
      {"evt.is_io", "false"},
      {"evt.io_dir", "(missing)"},
      {"evt.is_open_read", "true"},
      {"evt.is_open_write", "true"},
      {"evt.is_open_create", "true"},
      {"evt.is_open_exec", "true"},
      {"evt.abspath", "'/etc/passwd'"},
      {"evt.abspath.src", "'/etc/passwd'"},
      {"evt.abspath.dst", "(missing)"},
      {"evt.pluginname", "(missing)"},
      {"evt.buffer", "(missing)"},
  });
}

TEST(EvtFields, OfAFailedOpen) {
  Scene scene;
  scene.file().result = -2;
  scene.expect({
      {"evt.res", "'ENOENT'"},
      {"evt.rawres", "-2"},
      {"evt.failed", "true"},
      {"evt.count.error", "1u"},
      {"evt.is_open_write", "true"},
      {"evt.is_open_create", "false"},
      {"evt.abspath", "'/etc/passwd'"},
  });
}

TEST(EvtFields, OpenKinds) {
  struct Row {
    event::TypeId type;
    std::uint32_t flags, mode;
    std::string_view read, write, create, exec, abspath;
  };
  using namespace event;
  const Row rows[] = {
      {kOpen, kOpenRead, 0, "true", "false", "false", "false", "(missing)"},
      {kOpenat2, kOpenWrite, 0777, "false", "true", "false", "false", "'/etc/passwd'"},
      {kOpenat, kOpenWrite | kOpenCreat, 0644, "false", "true", "false", "false", "'/etc/passwd'"},
      {kOpenat, kOpenWrite | kOpenCreat, 0100, "false", "true", "false", "true", "'/etc/passwd'"},
      {kOpenat, kOpenWrite | kOpenTmpfile, 0700, "false", "true", "true", "true", "'/etc/passwd'"},
      {kOpenByHandleAt, kOpenRead | kOpenWrite, 0, "true", "true", "false", "false", "'/etc/passwd'"},
      {kCreat, kOpenWrite | kOpenCreated, 0755, "false", "false", "false", "true", "(missing)"},
      {kCreat, kOpenWrite, 0644, "false", "false", "false", "false", "(missing)"},
      {kExecve, kOpenWrite | kOpenCreat, 0755, "false", "false", "false", "false", "(missing)"},
  };
  for (const Row& row : rows) {
    Scene scene;
    scene.event.type = row.type;
    scene.file().flags = row.flags;
    scene.file().mode = row.mode;
    SCOPED_TRACE(type_name(row.type));
    scene.expect({{"evt.is_open_read", row.read},
                  {"evt.is_open_write", row.write},
                  {"evt.is_open_create", row.create},
                  {"evt.is_open_exec", row.exec},
                  {"evt.abspath", row.abspath}});
  }
}

TEST(EvtFields, OfAnEndedProcess) {
  Scene scene;
  scene.event.type = event::kProcexit;
  scene.event.body = event::Exit{};
  scene.expect({
      {"evt.type", "'procexit'"},
      {"syscall.type", "(missing)"},
      {"evt.dir", "'>'"},
      {"evt.category", "'process'"},
      {"evt.res", "(missing)"},
      {"evt.rawres", "(missing)"},
      {"evt.failed", "(missing)"},
      {"evt.count.error", "(missing)"},
      {"evt.count.exit", "(missing)"},
      {"evt.is_open_write", "false"},
      {"evt.abspath", "(missing)"},
      {"fd.name", "(missing)"},
      {"fd.num", "(missing)"},
      {"fs.path.name", "(missing)"},
      {"proc.name", "'python3'"},
  });
}

TEST(FdFields, OfAnOpenedFile) {
  Scene scene;
  scene.file().flags |= event::kOpenUpperLayer;
  scene.expect({
      {"fd.num", "5"},
      {"fd.type", "'file'"},
      {"fd.typechar", "'f'"},
      {"fd.name", "'/etc/passwd'"},
      {"fd.nameraw", "'../etc/passwd'"},
      {"fd.directory", "'/etc'"},
      {"fd.filename", "'passwd'"},
      {"fd.dev", "2051"},
      {"fd.dev.major", "8"},
      {"fd.dev.minor", "3"},
      {"fd.ino", "4242"},
      {"fd.is_upper_layer", "true"},
      {"fd.is_lower_layer", "false"},
      {"fd.uid", "'235'"},
      {"fd.containername", "'host:/etc/passwd'"},
      {"fd.containerdirectory", "'host:/etc'"},
      {"fs.path.name", "'/etc/passwd'"},
      {"fs.path.nameraw", "'../etc//passwd'"},
      {"fs.path.source", "(missing)"},
      {"fd.sip", "(missing)"},
  });
}

TEST(FdFields, OfADirectory) {
  for (const std::uint32_t mode : {static_cast<std::uint32_t>(S_IFDIR), 0U}) {
    Scene scene;
    scene.file().inode_mode = mode;
    scene.file().flags = event::kOpenRead | event::kOpenDirectory;
    scene.file().name = text_of("/var/log/");
    scene.expect({
        {"fd.type", "'directory'"},
        {"fd.typechar", "'d'"},
        {"fd.name", "'/var/log'"},
        {"fd.directory", "'/var/log'"},
        {"fd.filename", "(missing)"},
    });
  }
}

TEST(FdFields, OfAFailedOpen) {
  Scene scene;
  scene.file() = {};
  scene.file().result = -2;
  scene.file().name = text_of("sub//missing.txt");
  scene.file().cwd = text_of("/root");
  scene.file().flags = event::kOpenRead | event::kOpenDirectory;
  scene.expect({
      {"fd.num", "-1"},
      {"fd.name", "'/root/sub/missing.txt'"},
      {"fd.nameraw", "'sub/missing.txt'"},
      {"fd.directory", "'/root/sub'"},
      {"fd.typechar", "'f'"},
      {"fd.type", "(missing)"},
      {"fd.filename", "(missing)"},
      {"fd.ino", "(missing)"},
      {"fd.uid", "(missing)"},
      {"fd.containername", "(missing)"},
      {"fs.path.name", "'<UNKNOWN>'"},
      {"fs.path.nameraw", "'sub//missing.txt'"},
  });
  scene.file().result = -1;
  scene.expect({{"fs.path.name", "(missing)"}, {"fs.path.nameraw", "(missing)"}, {"fd.num", "-1"}});
}

TEST(FdFields, NamesOfOneFile) {
  Scene scene;
  scene.file().name = text_of("/tmp/link");
  scene.file().resolved = text_of("/mnt/shadow");
  scene.file().inner = text_of("/etc/shadow");
  const Scene::Row names[][3] = {
      {{"fd.name", "'/tmp/link'"}, {"fd.directory", "'/tmp'"}, {"fd.filename", "'link'"}},
      {{"fd.name", "'/mnt/shadow'"}, {"fd.directory", "'/mnt'"}, {"fd.filename", "'shadow'"}},
      {{"fd.name", "'/etc/shadow'"},
       {"fs.path.name", "'/etc/shadow'"},
       {"fd.containername", "'host:/etc/shadow'"}},
  };
  for (std::uint8_t kind = 0; kind < 3; ++kind) {
    scene.subject.name_index = kind;
    for (const Scene::Row& row : names[kind]) scene.expect({row});
    scene.expect({{"fd.nameraw", "'/tmp/link'"}});
  }
  scene.file().inner = {};  // the third name is not there: the requested one stands in
  scene.expect({{"fd.name", "'/tmp/link'"}});
}

TEST(FdFields, UnknownDirectoryAndRoot) {
  Scene scene;
  scene.file().name = text_of("rel.txt");
  scene.file().dirfd = 99;
  scene.expect({{"fd.name", "'<UNKNOWN>rel.txt'"},
                {"fd.directory", "'/'"},
                {"fd.filename", "'<UNKNOWN>rel.txt'"},
                {"evt.abspath", "'<UNKNOWN>/rel.txt'"}});
  scene.file().name = text_of("/topfile");
  scene.expect({{"fd.directory", "'/'"}, {"fd.filename", "'topfile'"}});
}

TEST(FdFields, CallsThatDifferInFsPath) {
  Scene scene;
  scene.event.type = event::kOpenByHandleAt;
  scene.file().name = {};
  scene.expect({{"fd.name", "'/etc/passwd'"},
                {"fd.nameraw", "'/etc/passwd'"},
                {"fs.path.name", "(missing)"},
                {"evt.abspath", "'/etc/passwd'"}});
  scene.event.type = event::kExecve;
  scene.file().result = -2;
  scene.expect({{"fd.name", "(missing)"}, {"fd.num", "(missing)"}, {"fd.typechar", "(missing)"}});
}

TEST(ProcFields, OfTheProcess) {
  Scene scene;
  scene.expect({
      {"proc.name", "'python3'"},
      {"proc.exe", "'./run.py'"},
      {"proc.exepath", "'/usr/bin/python3.11'"},
      {"proc.cmdline", "'python3 -c echo  hi  --opt=v'"},
      {"proc.exeline", "'./run.py -c echo  hi  --opt=v'"},
      {"proc.args", "'-c echo  hi  --opt=v'"},
      {"proc.args[0]", "'-c'"},
      {"proc.args[2]", "''"},
      {"proc.args[3]", "'--opt=v'"},
      {"proc.args[9]", "''"},
      {"proc.cmdnargs", "4u"},
      {"proc.cmdlenargs", "17u"},
      {"proc.cwd", "'/root/'"},
      {"proc.tty", "34816u"},
      {"proc.pid", "22"},
      {"proc.vpid", "5"},
      {"proc.ppid", "21"},
      {"proc.pvpid", "4"},
      {"proc.sid", "4"},
      {"proc.vpgid", "5"},
      {"proc.pgid", "22"},
      {"proc.is_sid_leader", "false"},
      {"proc.is_vpgid_leader", "true"},
      {"proc.is_pgid_leader", "true"},
      {"thread.tid", "23"},
      {"thread.vtid", "6"},
      {"thread.ismain", "false"},
      {"thread.nametid", "'python323'"},
      {"thread.cap_permitted",
       "'CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL'"},
      {"thread.cap_effective", "'CAP_CHOWN'"},
      {"thread.cap_inheritable", "''"},
      {"proc.exe_ino", "777"},
      {"proc.exe_ino.ctime", "1000000000u"},
      {"proc.exe_ino.mtime", "2000000000u"},
      {"proc.exe_ino.ctime_duration_proc_start", "1566230321000000000u"},
      {"proc.is_exe_writable", "true"},
      {"proc.is_exe_upper_layer", "false"},
      {"proc.is_exe_from_memfd", "false"},
      {"proc.duration", "78000000005u"},
      {"proc.ppid.duration", "79000000005u"},
      {"proc.pid.ts", "1566230322000000000u"},
      {"proc.ppid.ts", "1566230321000000000u"},
      {"proc.env", "(missing)"},
      {"proc.nthreads", "(missing)"},
  });
}

TEST(ProcFields, OfItsAncestors) {
  Scene scene;
  scene.expect({
      {"proc.pname", "'bash'"},
      {"proc.pexe", "'-bash'"},
      {"proc.pexepath", "'/bin/bash'"},
      {"proc.pcmdline", "'bash'"},
      {"proc.aname", "['bash' 'sshd' 'init']"},
      {"proc.aname[0]", "'python3'"},
      {"proc.aname[1]", "'bash'"},
      {"proc.aname[3]", "'init'"},
      {"proc.aname[4]", "(missing)"},
      {"proc.aexe", "['-bash' 'sshd' '/sbin/init']"},
      {"proc.aexepath[2]", "'/usr/sbin/sshd'"},
      {"proc.acmdline[2]", "'sshd -D'"},
      {"proc.aargs", "' -D '"},
      {"proc.aargs[2]", "'-D'"},
      {"proc.aargs[9]", "(missing)"},
      {"proc.apid", "[21 20 1]"},
      {"proc.apid[2]", "20"},
      {"proc.loginshellid", "21"},
      {"proc.sname", "'bash'"},
      {"proc.sid.exe", "'-bash'"},
      {"proc.sid.exepath", "'/bin/bash'"},
      {"proc.pgid.name", "'python3'"},
      {"proc.vpgid.exepath", "'/usr/bin/python3.11'"},
  });
  // The leader is gone: the eldest of the unbroken row that shares the session.
  scene.event.task.session = 999;
  scene.expect({{"proc.sname", "'python3'"}});
}

TEST(ProcFields, AnInitHasNoAncestors) {
  Scene scene;
  scene.event.task.process = Scene::id(1);
  scene.event.task.parent = {};
  scene.subject.process = scene.processes.find_pid(1);
  scene.expect({
      {"proc.aname", "(missing)"},
      {"proc.aname[0]", "'init'"},
      {"proc.aname[1]", "(missing)"},
      {"proc.pname", "(missing)"},
      {"proc.apid", "(missing)"},
      {"proc.loginshellid", "(missing)"},
      {"proc.ppid", "0"},
      {"proc.ppid.ts", "(missing)"},
      {"proc.cmdline", "'init'"},
      {"proc.args", "''"},
      {"proc.exeline", "'/sbin/init '"},
      {"proc.exe_ino", "(missing)"},
      {"proc.exe_ino.ctime_duration_proc_start", "(missing)"},
  });
}

TEST(ProcFields, UnknownProcess) {
  Scene scene;
  scene.subject.process = nullptr;
  scene.subject.processes = nullptr;
  scene.file().cwd = {};
  scene.expect({
      {"proc.name", "'<NA>'"},
      {"proc.exe", "'<NA>'"},
      {"proc.cmdline", "'<NA>'"},
      {"proc.exepath", "''"},
      {"proc.args", "''"},
      {"proc.args[0]", "''"},
      {"proc.cmdnargs", "0u"},
      {"proc.cwd", "''"},
      {"proc.pid", "22"},
      {"proc.pname", "(missing)"},
      {"proc.aname", "(missing)"},
      {"proc.aname[1]", "(missing)"},
      {"proc.sname", "''"},
      {"proc.is_exe_writable", "(missing)"},
      {"user.uid", "1000u"},
  });
}

TEST(ProcFields, UnknownNumbers) {
  Scene scene;
  scene.event.task.vpid = 0;
  scene.event.task.process.start_ns = 0;
  scene.subject.boot_wall_ns = 0;
  scene.expect({{"proc.vpid", "(missing)"},
                {"proc.duration", "(missing)"},
                {"proc.pid.ts", "(missing)"},
                {"proc.ppid.ts", "(missing)"}});
  scene.subject.process = scene.processes.find_pid(21);  // whose program file nobody has seen
  scene.expect({{"proc.is_exe_writable", "(missing)"}, {"proc.is_exe_upper_layer", "(missing)"}});
}

TEST(UserFields, OnTheHostAndInAContainer) {
  struct Row {
    std::uint32_t id;
    state::Where where;
    std::string_view name, home, shell, group;
  };
  using enum state::Where;
  const Row rows[] = {
      {1000, kHost, "'ann'", "'/home/ann'", "'/bin/zsh'", "'staff'"},
      {0, kHost, "'root'", "'/root'", "'/bin/bash'", "'root'"},
      {77, kHost, "'<NA>'", "'<NA>'", "'<NA>'", "'<NA>'"},
      {1000, kContainer, "'<NA>'", "'<NA>'", "'<NA>'", "'<NA>'"},
      {0, kContainer, "'root'", "'<NA>'", "'<NA>'", "'root'"},
  };
  for (const Row& row : rows) {
    Scene scene;
    scene.event.task.euid = scene.event.task.egid = row.id;
    scene.subject.where = row.where;
    SCOPED_TRACE(row.id);
    scene.expect({{"user.name", row.name},
                  {"user.homedir", row.home},
                  {"user.shell", row.shell},
                  {"group.name", row.group}});
  }
}

TEST(UserFields, Numbers) {
  Scene scene;
  scene.expect(
      {{"user.uid", "1000u"}, {"group.gid", "1000u"}, {"user.loginuid", "-1"}, {"user.loginname", "'<NA>'"}});
  scene.event.task.loginuid = 1000;
  scene.expect({{"user.loginuid", "1000"}, {"user.loginname", "'ann'"}});
  scene.event.task.loginuid = 0;
  scene.subject.users = nullptr;
  scene.expect({{"user.loginname", "'root'"}, {"user.name", "'<NA>'"}});
}

TEST(ProcFields, OfTheFirstProcessOfItsPids) {
  Scene scene;
  scene.expect({{"proc.pidns_init_start_ts", "(missing)"}});
  scene.event.task.init_start_ns = 10 * Scene::kSecond;
  scene.expect({{"proc.pidns_init_start_ts", "1566230310000000000u"},
                {"proc.exe_ino.ctime_duration_pidns_start", "(missing)"}});  // the file is older
}

TEST(ContainerFields, OnTheHost) {
  Scene scene;
  scene.expect({
      {"container.id", "'host'"},
      {"container.full_id", "'host'"},
      {"container.name", "'host'"},
      {"container.type", "'host'"},
      {"container.image", "''"},
      {"container.image.repository", "''"},
      {"container.image.tag", "''"},
      {"container.image.id", "''"},
      {"container.image.digest", "''"},
      {"container.mounts", "''"},
      {"container.privileged", "false"},
      {"container.label[app]", "(missing)"},
      {"container.start_ts", "(missing)"},
      {"k8s.pod.name", "(missing)"},
      {"k8s.ns.name", "(missing)"},
  });
}

TEST(ContainerFields, AContainerBeganWithTheFirstProcessOfItsPids) {
  Scene scene;
  scene.event.task.init_start_ns = 10 * Scene::kSecond;
  scene.expect({{"container.start_ts", "(missing)"}, {"container.duration", "(missing)"}});
  scene.subject.where = state::Where::kContainer;
  scene.event.task.pid_ns = 4026532000;
  scene.expect({{"container.start_ts", "1566230310000000000u"}, {"container.duration", "90010000000u"}});
  scene.event.task.pid_ns = 0xeffffffc;
  scene.expect({{"container.start_ts", "(missing)"}});
}

TEST(ContainerFields, InAContainer) {
  Scene scene;
  state::Container container;
  container.id = "0123456789ab";
  container.full_id = "0123456789abcdef";
  container.engine = "docker";
  scene.subject.where = state::Where::kContainer;
  scene.subject.container = &container;
  scene.expect({
      {"container.id", "'0123456789ab'"},
      {"container.full_id", "'0123456789abcdef'"},
      {"container.name", "(missing)"},
      {"container.type", "(missing)"},
      {"container.image.repository", "(missing)"},
      {"container.privileged", "(missing)"},
      {"k8s.ns.name", "(missing)"},
      {"fd.containername", "'0123456789ab:/etc/passwd'"},
  });
  container.info.engine = "docker";
  container.info.name = "web";
  container.info.image = "docker.io/library/nginx:1.27";
  container.info.image_repository = "docker.io/library/nginx";
  container.info.image_tag = "1.27";
  container.info.k8s_pod_name = "web-0";
  container.info.k8s_ns_name = "shop";
  container.info.k8s_pod_uid = "7f3a";
  scene.expect({
      {"container.name", "'web'"},
      {"container.type", "'docker'"},
      {"container.image", "'docker.io/library/nginx:1.27'"},
      {"container.image.repository", "'docker.io/library/nginx'"},
      {"container.image.tag", "'1.27'"},
      {"k8s.pod.name", "'web-0'"},
      {"k8s.ns.name", "'shop'"},
      {"k8s.pod.uid", "'7f3a'"},
      {"k8s.pod.id", "'7f3a'"},
  });
  container.info.image_id = "b1";
  container.info.image_digest = "sha256:d1";
  container.info.privileged = true;
  container.info.host_pid = false;
  container.info.ip = "10.1.2.3";
  container.info.mounts = {{"/srv/a", "/data", "z", "rprivate", false},
                           {"/etc", "/host/etc", "", "rslave", true}};
  container.info.labels = {
      {"annotation.x", "1"}, {"io.kubernetes.pod.name", "web-0"}, {"only", ""}, {"tier", "back"}};
  scene.expect({
      {"container.image.id", "'b1'"},
      {"container.image.digest", "'sha256:d1'"},
      {"container.privileged", "true"},
      {"container.host_pid", "false"},
      {"container.host_ipc", "(missing)"},
      {"container.ip", "'10.1.2.3'"},
      {"k8s.pod.ip", "(missing)"},  // in no pod
      {"container.mounts", "'/srv/a:/data:z:false:rprivate,/etc:/host/etc::true:rslave'"},
      {"container.mount[0]", "'/srv/a:/data:z:false:rprivate'"},
      {"container.mount[2]", "(missing)"},
      {"container.mount.dest[/etc]", "'/host/etc'"},
      {"container.mount.dest[^/e.c$]", "'/host/etc'"},
      {"container.mount.dest[srv]", "'/data'"},  // searched
      {"container.mount.dest[/nowhere]", "(missing)"},
      {"container.mount.dest[(]", "(missing)"},
      {"container.mount.source[/data]", "'/srv/a'"},
      {"container.mount.source[/srv]", "(missing)"},
      {"container.mount.mode[0]", "'z'"},
      {"container.mount.rdwr[1]", "'true'"},
      {"container.mount.propagation[1]", "'rslave'"},
      {"container.label[tier]", "'back'"},
      {"container.label.tier", "'back'"},
      {"container.label[io.kubernetes.pod.name]", "'web-0'"},
      {"container.label[none]", "(missing)"},
      {"container.labels", "'only, tier:back'"},
      {"k8s.pod.labels", "(missing)"},
  });
  container.info.sandbox_id = "0123456789abcdef";
  container.info.pod_labels = state::Labels{{"app", "web"}};
  scene.expect({
      {"k8s.pod.sandbox_id", "'0123456789ab'"},
      {"k8s.pod.full_sandbox_id", "'0123456789abcdef'"},
      {"k8s.pod.label[app]", "'web'"},
      {"k8s.pod.labels", "'app:web'"},
      {"k8s.pod.ip", "'10.1.2.3'"},
      {"k8s.rc.name", "(missing)"},
  });
  container = {};
  container.engine = "libvirt_lxc";
  scene.expect({{"container.type", "'libvirt-lxc'"}});
}

TEST(ContainerFields, NotKnownYet) {
  Scene scene;
  scene.subject.where = state::Where::kUnknown;
  scene.expect({{"container.id", "(missing)"},
                {"container.name", "(missing)"},
                {"container.image.repository", "(missing)"},
                {"container.privileged", "(missing)"},
                {"fd.containername", "(missing)"}});
}

}  // namespace
}  // namespace saker::fields
