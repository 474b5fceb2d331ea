// Random events of a scene's processes: opens, calls on sockets, calls on paths.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "event/open_flags.h"
#include "event/schema.h"
#include "fields/scene_for_tests.h"
#include "rules/random_conditions_for_tests.h"

namespace saker::rules {

// A random event of one of the scene's processes. Texts are kept by the maker.
class EventMaker {
 public:
  explicit EventMaker(Random& random) : random_(random) {}

  fields::Scene& scene() { return scene_; }
  const state::Process* parent() const { return scene_.processes.parent_of(*scene_.subject.process); }

  void make() {
    event::Event& event = scene_.event;
    const std::uint32_t pid = std::vector<std::uint32_t>{20, 21, 22}[below(random_, 3)];
    scene_.subject.process = scene_.processes.find_pid(pid);
    event.task.process = scene_.subject.process->id;
    event.task.parent = scene_.subject.process->parent;
    event.task.euid = std::vector<std::uint32_t>{0, 33, 999, 1000, 1001, 65534}[below(random_, 6)];
    event.task.loginuid = std::vector<std::uint32_t>{0, 1000, 1001, UINT32_MAX}[below(random_, 4)];
    event.task.tty = below(random_, 2) == 0 ? 0 : 34816;
    scene_.subject.where = below(random_, 2) == 0 ? state::Where::kHost : state::Where::kContainer;
    container_.id = "3ad7b26ded6d";
    scene_.subject.container = scene_.subject.where == state::Where::kContainer ? &container_ : nullptr;
    if (of == Of::kSocketCalls || (of == Of::kAll && below(random_, 3) == 0)) return make_call();
    if (of == Of::kCallsOnPaths) return make_path_call();
    make_open();
  }

  enum class Of { kAll, kSocketCalls, kCallsOnPaths };
  Of of = Of::kAll;
  const PathCalls* path_calls = kPathCalls.data();

 private:
  std::int64_t result() {
    return std::vector<std::int64_t>{0, 1, 3, 4, 1000, -1, -2, -13, -22}[below(random_, 9)];
  }

  void make_open() {
    event::Event& event = scene_.event;
    event.type = std::vector<event::TypeId>{event::kOpen, event::kOpenat, event::kOpenat2,
                                            event::kCreat}[below(random_, 4)];
    event.body = event::File{};
    auto& file = std::get<event::File>(event.body);
    file.result = result();
    file.flags = static_cast<std::uint32_t>(random_()) & 0x1ffffU & ~3U;
    file.flags |= 1 + static_cast<std::uint32_t>(below(random_, 3));
    if (file.result < 0)
      file.flags &= ~std::uint32_t{event::kOpenCreated | event::kOpenUpperLayer | event::kOpenLowerLayer};
    file.mode = below(random_, 2) == 0 ? 0644 : 0755;
    file.inode_mode = file.result < 0 ? 0
                                      : std::vector<std::uint32_t>{S_IFREG | 0644, S_IFDIR | 0755,
                                                                   S_IFCHR | 0666}[below(random_, 3)];
    file.cwd = fields::text_of("/etc");
    requested_ = pick(random_, kPaths);
    if (below(random_, 4) == 0) requested_ = "/etc/../" + requested_;
    if (below(random_, 6) == 0) requested_ = "pam.d/../shadow";
    if (below(random_, 30) == 0) requested_ = std::string(1100, 'x');
    file.name = fields::text_of(requested_);
    if (file.result < 0) return;
    resolved_ = pick(random_, kPaths);
    inner_ = pick(random_, kPaths);
    if (below(random_, 2) == 0) resolved_ = requested_.starts_with('/') ? kPaths[0] : resolved_;
    file.resolved = fields::text_of(resolved_);
    if (below(random_, 3) == 0) file.inner = fields::text_of(inner_);
  }

  void make_call() {
    event::Event& event = scene_.event;
    const std::string name =
        of == Of::kSocketCalls
            ? pick(random_, {"connect", "accept4", "listen", "bind", "sendto", "recvfrom", "write", "dup"})
            : pick(random_, {"socket", "ptrace", "unshare", "connect", "dup", "kill", "sendto"});
    event.type = event::find_type(name).value();
    event.body = event::Call{};
    auto& call = std::get<event::Call>(event.body);
    call.result = result();
    for (std::uint64_t& argument : call.arguments) argument = below(random_, 40);
    if (name == "unshare")
      call.arguments[0] = std::vector<std::uint64_t>{0x10000000, 0x20000, 0, 0x40000000}[below(random_, 4)];
    if (name == "ptrace")
      call.arguments[0] = std::vector<std::uint64_t>{0, 4, 5, 16, 0x4206, 13}[below(random_, 6)];
    const auto place = event::main_descriptor(event.type);
    if (!place || (*place >= SAKER_ARGUMENTS && call.result < 0)) return;
    call.descriptor_count = 1;
    call.descriptor_of[0] = *place;
    event::Descriptor& descriptor = call.descriptors[0];
    descriptor = {};
    descriptor.fd =
        *place < SAKER_ARGUMENTS ? static_cast<int>(call.arguments[*place]) : static_cast<int>(call.result);
    switch (below(random_, 5)) {
      case 0:
        descriptor.kind = SAKER_DESCRIPTOR_FILE;
        descriptor.inode_mode = below(random_, 2) == 0 ? S_IFREG | 0644U : S_IFDIR | 0755U;
        descriptor.name = fields::text_of(kPaths[0]);
        break;
      case 1:
        descriptor.kind = SAKER_DESCRIPTOR_PIPE;
        descriptor.inode_mode = S_IFIFO | 0600U;
        break;
      default:
        descriptor.kind = SAKER_DESCRIPTOR_SOCKET;
        descriptor.inode_mode = S_IFSOCK | 0777U;
        // A socket stays what it is.
        descriptor.ino = below(random_, 16) + 1;
        constexpr std::uint16_t kFamilies[] = {AF_INET,  AF_INET6, AF_INET,  AF_UNIX,
                                               AF_INET6, AF_INET,  AF_PACKET};
        constexpr std::pair<int, int> kTransports[] = {{SOCK_STREAM, IPPROTO_TCP},
                                                       {SOCK_DGRAM, IPPROTO_UDP},
                                                       {SOCK_STREAM, IPPROTO_TCP},
                                                       {SOCK_RAW, IPPROTO_ICMP},
                                                       {SOCK_STREAM, IPPROTO_SCTP}};
        descriptor.family = kFamilies[descriptor.ino % std::size(kFamilies)];
        descriptor.type =
            static_cast<std::uint16_t>(kTransports[descriptor.ino % std::size(kTransports)].first);
        descriptor.protocol =
            static_cast<std::uint16_t>(kTransports[descriptor.ino % std::size(kTransports)].second);
        descriptor.state = below(random_, 2) == 0 ? TCP_ESTABLISHED : TCP_CLOSE;
        make_end(descriptor.family, local_, descriptor.local, descriptor.local_port);
        make_end(descriptor.family, remote_, descriptor.remote, descriptor.remote_port);
        if (name == "connect") call.texts[1] = named_peer();
        if (name == "sendto" && below(random_, 2) == 0) call.texts[4] = named_peer();
    }
  }

  // A path, or a text that would be one but for what is to be cleaned away.
  std::string some_path() {
    switch (below(random_, 8)) {
      case 0:
        return pick(random_, {"shadow", "x", "pam.d/common-auth", "ow", ".ssh/id_rsa", "release_agent"});
      case 1:
        return pick(random_,
                    {"../x", "./x", "pam.d/../shadow", "/etc//shadow", "/etc/shadow/", "/etc/./shadow", "."});
      case 2:
        return below(random_, 4) == 0 ? "" : "/etc/" + std::string(below(random_, 300), 'x');
      default:
        return pick(random_, kPaths);
    }
  }

  void make_path_call() {
    event::Event& event = scene_.event;
    const PathCalls& calls = below(random_, 8) == 0 ? pick_calls(random_) : *path_calls;
    event.type = event::find_type(pick(random_, calls.types)).value();
    event.body = event::Call{};
    auto& call = std::get<event::Call>(event.body);
    call.result = result();
    cwd_ = pick(random_, kDirectories);
    call.cwd = fields::text_of(cwd_);
    for (std::uint64_t& argument : call.arguments) argument = below(random_, 8) * 01001;
    for (const event::Parameter& parameter : event::find_schema(event.type)->parameters) {
      if (parameter.collect == SAKER_ARGUMENT_FD) make_directory(call, parameter.argument);
      if (parameter.collect != SAKER_ARGUMENT_STRING) continue;
      texts_[parameter.argument] = some_path();
      if (below(random_, 16) != 0)
        call.texts[parameter.argument] = fields::text_of(texts_[parameter.argument]);
    }
  }
  // Not all are open, and some are none.
  void make_directory(event::Call& call, std::uint8_t argument) {
    call.arguments[argument] = static_cast<std::uint64_t>(below(random_, 3) == 0 ? -100 : 7);
    if (call.arguments[argument] != 7 || below(random_, 4) == 0) return;
    event::Descriptor& directory = call.descriptors[call.descriptor_count];
    call.descriptor_of[call.descriptor_count++] = argument;
    directory = {};
    directory.fd = 7;
    directory.kind = SAKER_DESCRIPTOR_FILE;
    directory.inode_mode = below(random_, 8) == 0 ? S_IFREG | 0644U : S_IFDIR | 0755U;
    directory.name = fields::text_of(pick(random_, kDirectories));
  }

  void make_end(int family, std::array<char, 16>& bytes, std::string_view& ip, std::uint16_t& port) {
    if (family != AF_INET && family != AF_INET6) return;
    port = std::vector<std::uint16_t>{0, 22, 53, 80, 443, 8080, 29999, 30001}[below(random_, 8)];
    const bool four = family == AF_INET;
    const std::string& text = pick(random_, four ? kFour : kSix);
    inet_pton(family, text.c_str(), bytes.data());
    ip = {bytes.data(), four ? 4U : 16U};
  }
  event::Text named_peer() {
    peer_ = {};
    peer_.sin_family = AF_INET;
    peer_.sin_port = htons(pick_port());
    inet_pton(AF_INET, pick(random_, kFour).c_str(), &peer_.sin_addr);
    return fields::text_of({reinterpret_cast<const char*>(&peer_), sizeof(peer_)});
  }
  std::uint16_t pick_port() { return std::vector<std::uint16_t>{22, 53, 443}[below(random_, 3)]; }

  inline static const std::vector<std::string> kFour = {
      "0.0.0.0",    "127.0.0.1",   "127.9.9.9",       "10.0.0.1", "10.0.1.1", "172.16.0.9",
      "172.32.0.1", "192.168.1.1", "169.254.169.254", "8.8.8.8",  "1.1.1.1"};
  inline static const std::vector<std::string> kSix = {
      "::", "::1", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "fe80::1"};

  Random& random_;
  fields::Scene scene_;
  state::Container container_;
  std::string requested_, resolved_, inner_, cwd_;
  std::array<std::string, SAKER_ARGUMENTS> texts_;
  std::array<char, 16> local_{}, remote_{};
  sockaddr_in peer_{};
};

}  // namespace saker::rules
