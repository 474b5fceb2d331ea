#include "fields/parameters.h"

#include <gtest/gtest.h>

#include <string>

#include "event/open_flags.h"
#include "fields/scene_for_tests.h"

namespace saker::fields {
namespace {

TEST(Parameters, OfOpenat) {
  Scene scene;
  scene.expect({
      {"evt.args",
       "'fd=5(<f>/etc/passwd) dirfd=-100(AT_FDCWD) name=../etc//passwd(/etc/passwd) "
       "flags=20487(O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED) mode=0755 dev=803 ino=4242'"},
      {"evt.arg.fd", "'<f>/etc/passwd'"},
      {"evt.arg[0]", "'<f>/etc/passwd'"},
      {"evt.arg[1]", "'AT_FDCWD'"},
      {"evt.arg.name", "'/etc/passwd'"},
      {"evt.arg.flags", "'O_CREAT|O_RDWR|O_CLOEXEC|O_F_CREATED'"},
      {"evt.arg.mode", "'0755'"},
      {"evt.arg.dev", "'803'"},
      {"evt.arg[99]", "(missing)"},
      {"evt.arg.path", "(missing)"},
      {"evt.rawarg.fd", "5"},
      {"evt.rawarg.flags", "20487"},
      {"evt.rawarg.name", "'../etc//passwd'"},
      {"evt.rawarg.path", "(missing)"},
  });
  EXPECT_EQ(scene.read("evt.info"), scene.read("evt.args"));
}

TEST(Parameters, OfOtherOpens) {
  Scene scene;
  scene.event.type = event::kOpen;
  scene.file().result = -2;
  scene.file().name = text_of("/etc//x");
  scene.file().flags = event::kOpenRead;
  scene.file().dev = 0;
  scene.file().ino = 0;
  scene.expect({{"evt.args", "'fd=-2(ENOENT) name=/etc//x flags=1(O_RDONLY) mode=0 dev=0 ino=0'"},
                {"evt.arg.name", "'/etc//x'"}});
  scene.event.type = event::kOpenat2;
  scene.file().dirfd = 7;
  scene.file().base = text_of("/var/log");
  scene.file().resolve = 8;
  scene.expect({{"evt.args",
                 "'fd=-2(ENOENT) dirfd=7(<d>/var/log) name=/etc//x flags=1(O_RDONLY) mode=0 "
                 "resolve=8(RESOLVE_NO_SYMLINKS) dev=0 ino=0'"}});
  scene.event.type = event::kCreat;
  scene.file().result = 3;
  scene.file().flags = event::kOpenUpperLayer;
  scene.expect(
      {{"evt.args",
        "'fd=3(<f>/etc/x) name=/etc//x mode=0755 dev=0 ino=0 creat_flags=1(FD_UPPER_LAYER_CREAT)'"}});
  scene.event.type = event::kOpenByHandleAt;
  scene.file().name = {};
  scene.expect({{"evt.arg.path", "'/etc/passwd'"}, {"evt.arg.mountfd", "'<d>/var/log'"}});
}

TEST(Parameters, NamesThatAreEmptyOrUnreadable) {
  Scene scene;
  scene.file().result = -14;
  scene.file().name = text_of("");
  scene.expect({{"evt.arg.name", "'<NA>'"}, {"evt.arg.fd", "'EFAULT'"}});
  scene.file().name = {};
  scene.expect({{"evt.arg.name", "(missing)"}});
}

TEST(Parameters, OfExecve) {
  Scene scene;
  static const std::string args("./run.sh\0-c\0echo  hi\0\0--opt=v\0", 30);
  event::Exec exec;
  exec.filename = text_of("./run.sh");
  exec.exe = text_of("/home/u/run.sh");
  exec.cwd = text_of("/home/u");
  exec.args = text_of(args);
  exec.file.ino = 777;
  exec.file.writable = exec.file.upper_layer = true;
  scene.event.type = event::kExecve;
  scene.event.body = exec;
  scene.event.task.loginuid = 1000;
  scene.expect({
      {"evt.arg.res", "'0'"},
      {"evt.arg.exe", "'./run.sh'"},
      {"evt.arg.args", "'-c.echo  hi..--opt=v.'"},
      {"evt.arg.tid", "'python3'"},
      {"evt.arg.ptid", "'bash'"},
      {"evt.arg.cwd", "'/home/u'"},
      {"evt.arg.comm", "'python3'"},
      {"evt.arg.env", "(missing)"},
      {"evt.arg.fdlimit", "(missing)"},
      {"evt.arg.tty", "'34816'"},
      {"evt.arg.flags", "'EXE_WRITABLE|EXE_UPPER_LAYER'"},
      {"evt.arg.cap_permitted", "'3F'"},
      {"evt.arg.loginuid", "'ann'"},
      {"evt.arg.uid", "'ann'"},
      {"evt.arg.gid", "'staff'"},
      {"evt.arg.exe_ino", "'777'"},
      {"evt.arg.trusted_exepath", "'/home/u/run.sh'"},
      {"evt.arg.filename", "'/home/u/run.sh'"},
      {"evt.arg[30]", "'/home/u/run.sh'"},
      {"evt.rawarg.uid", "1000"},
      {"evt.category", "'process'"},
      {"proc.cwd", "'/home/u/'"},
  });
  scene.event.task.loginuid = UINT32_MAX;
  std::get<event::Exec>(scene.event.body).args = text_of(std::string_view("x\0", 2));
  scene.expect({{"evt.arg.args", "'NULL'"}, {"evt.arg.loginuid", "'<NONE>'"}, {"evt.rawarg.loginuid", "-1"}});
  const std::string all = scene.read("evt.args");
  EXPECT_TRUE(all.starts_with("'res=0 exe=x args=NULL tid=23(python3) pid=22(python3) ptid=21(bash) "))
      << all;
  EXPECT_NE(all.find(" fdlimit=<NA> "), std::string::npos) << all;
}

TEST(Parameters, OfAFailedExec) {
  Scene scene;
  static const std::string args("nope\0a\0", 7);
  scene.event.type = event::kExecveat;
  scene.file() = {};
  scene.file().result = -2;
  scene.file().name = text_of("nope");
  scene.file().cwd = text_of("/root");
  scene.file().args = text_of(args);
  scene.expect({{"evt.arg.res", "'ENOENT'"},
                {"evt.arg.exe", "'nope'"},
                {"evt.arg.args", "'a.'"},
                {"evt.arg.trusted_exepath", "(missing)"},
                {"evt.arg.flags", "(missing)"},
                {"evt.arg.filename", "(missing)"}});
  scene.event.type = event::kExecve;
  scene.expect({{"evt.arg.filename", "'/root/nope'"}});
}

TEST(Parameters, OfProcexit) {
  struct Row {
    std::int32_t status;
    std::string_view args;
  };
  const Row rows[] = {
      {0, "'status=0 ret=0 sig=0 core=0 reaper_tid=0'"},
      {3 << 8, "'status=768 ret=3 sig=0 core=0 reaper_tid=0'"},
      {9, "'status=9 ret=0 sig=9(SIGKILL) core=0 reaper_tid=0'"},
      {0x80 | 11, "'status=139 ret=0 sig=11(SIGSEGV) core=1 reaper_tid=0'"},
  };
  for (const Row& row : rows) {
    Scene scene;
    scene.event.type = event::kProcexit;
    scene.event.body = event::Exit{row.status, {}};
    scene.expect({{"evt.args", row.args}});
  }
  Scene scene;
  scene.event.type = event::kProcexit;
  scene.event.body = event::Exit{0, Scene::id(1)};
  scene.expect({{"evt.arg.reaper_tid", "'init'"}, {"evt.rawarg.reaper_tid", "1"}});
}

}  // namespace
}  // namespace saker::fields
