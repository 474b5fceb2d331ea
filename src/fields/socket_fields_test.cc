// Fields of sockets and of calls on paths, from calls as the probe tells them.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "event/schema.h"
#include "fields/scene_for_tests.h"

namespace saker::fields {
namespace {

constexpr std::string_view kHere("\x0a\0\0\1", 4);
constexpr std::string_view kThere("\x01\x02\x03\x04", 4);

class Calls : public testing::Test {
 protected:
  event::Call& call(std::string_view name, std::int64_t result = 0) {
    scene.event.type = event::find_type(name).value();
    event::Call made;
    made.result = result;
    made.cwd = text_of("/root");
    return scene.event.body.emplace<event::Call>(made);
  }
  event::Descriptor& descriptor(event::Call& call, std::uint8_t place, std::int32_t fd) {
    event::Descriptor& made = call.descriptors[call.descriptor_count];
    call.descriptor_of[call.descriptor_count++] = place;
    if (place < call.arguments.size()) call.arguments[place] = static_cast<std::uint64_t>(fd);
    made.fd = fd;
    return made;
  }
  event::Descriptor& tcp(event::Call& call, std::uint8_t place, std::int32_t fd) {
    event::Descriptor& made = descriptor(call, place, fd);
    made.kind = SAKER_DESCRIPTOR_SOCKET;
    made.family = AF_INET;
    made.type = SOCK_STREAM;
    made.protocol = IPPROTO_TCP;
    made.state = TCP_ESTABLISHED;
    made.local = kHere;
    made.local_port = 40000;
    made.remote = kThere;
    made.remote_port = 443;
    return made;
  }
  void role(state::Role role, bool changed = false) {
    socket = {.role = role, .changed = changed};
    scene.subject.socket = &socket;
  }

  Scene scene;
  state::Socket socket;
};

TEST_F(Calls, AClientsConnection) {
  event::Call& connect = call("connect");
  tcp(connect, 0, 5);
  role(state::Role::kClient, true);
  scene.expect({
      {"fd.name", "'10.0.0.1:40000->1.2.3.4:443'"},
      {"fd.type", "'ipv4'"},
      {"fd.typechar", "'4'"},
      {"fd.num", "5"},
      {"fd.l4proto", "'tcp'"},
      {"fd.sockfamily", "'ip'"},
      {"fd.connected", "true"},
      {"fd.name_changed", "true"},
      {"fd.is_server", "false"},
      {"fd.cport", "40000u"},
      {"fd.sport", "443u"},
      {"fd.lport", "40000u"},
      {"fd.rport", "443u"},
      {"fd.sproto", "'443'"},
      {"fd.port", "[40000u 443u]"},
      {"evt.arg.tuple", "'10.0.0.1:40000->1.2.3.4:443'"},
      {"evt.arg.fd", "'<4t>10.0.0.1:40000->1.2.3.4:443'"},
      {"evt.category", "'net'"},
  });
}

TEST_F(Calls, AServersConnectionIsToldFromItsClient) {
  event::Call& accept = call("accept4", 6);
  tcp(accept, SAKER_RESULT, 6);
  role(state::Role::kServer);
  scene.expect({
      {"fd.name", "'1.2.3.4:443->10.0.0.1:40000'"},
      {"fd.num", "6"},
      {"fd.is_server", "true"},
      {"fd.cport", "443u"},
      {"fd.sport", "40000u"},
      {"fd.lport", "40000u"},
  });
}

// Who called whom is not guessed.
TEST_F(Calls, AConnectionWhoseBeginningWasNotSeen) {
  event::Call& write = call("write", 3);
  tcp(write, 0, 5);
  role(state::Role::kUnknown);
  scene.expect({
      {"fd.cport", "(missing)"},
      {"fd.sport", "(missing)"},
      {"fd.lport", "40000u"},
      {"fd.rport", "443u"},
      {"evt.is_io_write", "true"},
      {"evt.io_dir", "'write'"},
      {"evt.buflen", "3u"},
  });
}

TEST_F(Calls, AFailedConnectHasNoTuple) {
  event::Call& connect = call("connect", -ECONNREFUSED);
  tcp(connect, 0, 5);
  scene.expect({{"evt.arg.tuple", "'NULL'"}, {"evt.res", "'ECONNREFUSED'"}, {"evt.failed", "true"}});
}

TEST_F(Calls, ARefusedStreamIsToldByTheAddressThatWasAskedFor) {
  event::Call& connect = call("connect", -ECONNREFUSED);
  tcp(connect, 0, 5).remote_port = 0;  // all that the kernel's socket still has is the address
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(8443);
  std::memcpy(&to.sin_addr, kThere.data(), 4);
  connect.texts[1] = text_of({reinterpret_cast<const char*>(&to), sizeof(to)});
  role(state::Role::kClient);
  scene.expect({{"fd.rport", "8443u"}, {"fd.sport", "8443u"}, {"fd.name", "'10.0.0.1:40000->1.2.3.4:8443'"}});
}

TEST_F(Calls, ADatagramsPeerIsTheOneItNames) {
  event::Call& sendto = call("sendto", 1);
  event::Descriptor& udp = tcp(sendto, 0, 7);
  udp.type = SOCK_DGRAM;
  udp.protocol = IPPROTO_UDP;
  udp.remote_port = 0;
  udp.remote = std::string_view("\0\0\0\0", 4);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(53);
  std::memcpy(&to.sin_addr, kThere.data(), 4);
  sendto.texts[4] = text_of({reinterpret_cast<const char*>(&to), sizeof(to)});
  role(state::Role::kClient);
  scene.expect({{"fd.name", "'10.0.0.1:40000->1.2.3.4:53'"}, {"fd.sport", "53u"}, {"fd.l4proto", "'udp'"}});
}

TEST_F(Calls, DescriptorsOfOtherKinds) {
  struct Row {
    std::uint16_t kind;
    std::uint32_t mode;
    std::string_view name, type, letter, shown;
  };
  const Row rows[] = {
      {SAKER_DESCRIPTOR_FILE, S_IFREG, "/etc/passwd", "'file'", "'f'", "'/etc/passwd'"},
      {SAKER_DESCRIPTOR_FILE, S_IFDIR, "/etc", "'directory'", "'d'", "'/etc'"},
      {SAKER_DESCRIPTOR_FILE, 0, "/[eventfd]", "'event'", "'e'", "''"},
      {SAKER_DESCRIPTOR_FILE, 0, "/[eventpoll]", "'eventpoll'", "'l'", "''"},
      {SAKER_DESCRIPTOR_FILE, S_IFREG, "/memfd:thing", "'memfd'", "'m'", "'thing'"},
      {SAKER_DESCRIPTOR_PIPE, S_IFIFO, "", "'pipe'", "'p'", "''"},
  };
  for (const Row& row : rows) {
    event::Call& made = call("read", 1);
    event::Descriptor& file = descriptor(made, 0, 3);
    file.kind = row.kind;
    file.inode_mode = row.mode;
    file.name = text_of(row.name);
    scene.expect({{"fd.type", std::string(row.type)},
                  {"fd.typechar", std::string(row.letter)},
                  {"fd.name", std::string(row.shown)}});
  }
}

TEST_F(Calls, ADescriptorThatIsNotOpenKeepsItsNumber) {
  event::Call& made = call("read", -EBADF);
  made.arguments[0] = 99;
  scene.expect({{"fd.num", "99"}, {"fd.type", "(missing)"}, {"fd.typechar", "'o'"}, {"fd.name", "''"}});
}

TEST_F(Calls, PathsFromTheirDirectory) {
  event::Call& made = call("renameat2");
  event::Descriptor& directory = descriptor(made, 0, 8);
  directory.kind = SAKER_DESCRIPTOR_FILE;
  directory.inode_mode = S_IFDIR;
  directory.name = text_of("/var/log");
  made.arguments[2] = static_cast<std::uint64_t>(-100);
  made.texts[1] = text_of("../a");
  made.texts[3] = text_of("b");
  made.arguments[4] = 1;
  scene.expect({
      {"fs.path.source", "'/var/a'"},
      {"fs.path.sourceraw", "'../a'"},
      {"fs.path.target", "'/root/b'"},
      {"fs.path.name", "(missing)"},
      {"evt.abspath", "'/var/a'"},
      {"evt.abspath.dst", "'/root/b'"},
      {"evt.arg.olddirfd", "'<d>/var/log'"},
      {"evt.arg.newdirfd", "'AT_FDCWD'"},
      {"evt.arg.oldpath", "'/var/a'"},
      {"evt.rawarg.oldpath", "'../a'"},
      {"evt.arg.flags", "'RENAME_NOREPLACE'"},
  });
}

TEST_F(Calls, APathOfADirectoryThatIsNotKnown) {
  event::Call& made = call("unlinkat");
  made.arguments[0] = 8;
  made.texts[1] = text_of("x");
  scene.expect({{"fs.path.name", "'<UNKNOWN>x'"}, {"evt.arg.name", "'<UNKNOWN>x'"}});
}

// Such as a symbolic link's target and a mount's device: there is no argument before the first.
TEST_F(Calls, ATextAsAPathStartsFromTheWorkingDirectory) {
  event::Call& symlink = call("symlink");
  symlink.texts[0] = text_of("a");
  symlink.texts[1] = text_of("b");
  scene.expect({{"fs.path.target", "'/root/a'"}, {"fs.path.source", "'/root/b'"}, {"evt.arg.target", "'a'"}});
  event::Call& mount = call("mount");
  mount.texts[0] = text_of("none");
  mount.texts[1] = text_of("/mnt");
  scene.expect({{"fs.path.source", "'/root/none'"}, {"fs.path.target", "'/mnt'"}, {"evt.arg.dev", "'none'"}});
}

TEST_F(Calls, FailedCallsHaveNoPath) {
  event::Call& made = call("unlink", -ENOENT);
  made.texts[0] = text_of("/x");
  scene.expect({{"fs.path.name", "(missing)"}, {"evt.arg.path", "'/x'"}});
}

TEST_F(Calls, NumbersHaveTheirNames) {
  event::Call& ptrace = call("ptrace");
  ptrace.arguments[0] = 16;
  ptrace.arguments[1] = 21;
  scene.expect(
      {{"evt.arg.request", "'PTRACE_ATTACH'"}, {"evt.arg.pid", "'bash'"}, {"evt.rawarg.request", "11"}});
  event::Call& chmod = call("chmod");
  chmod.texts[0] = text_of("f");
  chmod.arguments[1] = 0104750;
  scene.expect({{"evt.arg.mode", "'S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID'"},
                {"evt.rawarg.mode", "2536"},
                {"fs.path.name", "'/root/f'"}});
  event::Call& setuid = call("setuid");
  setuid.arguments[0] = 1000;
  scene.expect({{"evt.arg.uid", "'ann'"}, {"evt.rawarg.uid", "1000"}});
}

// A call without a schema carries its name, and no result.
TEST_F(Calls, GenericCalls) {
  call("getrandom", 16);
  scene.expect({{"evt.type", "'getrandom'"},
                {"syscall.type", "'getrandom'"},
                {"evt.res", "(missing)"},
                {"evt.rawres", "(missing)"},
                {"evt.args", "''"},
                {"evt.category", "'other'"}});
}

}  // namespace
}  // namespace saker::fields
