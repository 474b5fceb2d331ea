// The plan lets through what the rules match: random rules of the real fields against random events, and the
// official rules against events made for them. What is ruled out is checked too, or a plan that passes
// everything would do.
#include "rules/planner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>

#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "fields/descriptor.h"
#include "fields/scene_for_tests.h"
#include "rules/condition_parser.h"
#include "rules/plan_model_for_tests.h"

namespace saker::rules {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t count) { return random() % count; }
const std::string& pick(Random& random, const std::vector<std::string>& items) {
  return items[below(random, items.size())];
}

std::shared_ptr<RuleSet> rule_set(const std::vector<std::string>& conditions) {
  std::vector<EnabledRule> rules;
  for (const std::string& condition : conditions) {
    const Parsed parsed = parse_condition(condition);
    EXPECT_TRUE(parsed.tree) << condition;
    CompileResult compiled = compile_condition(*parsed.tree, fields::syscall_catalogue());
    EXPECT_TRUE(compiled.condition) << condition << ": "
                                    << (compiled.problems.empty() ? "" : compiled.problems[0].message);
    EnabledRule rule;
    rule.rule.name = condition;
    rule.condition = std::move(compiled.condition);
    rule.event_types = std::move(compiled.event_types);
    rules.push_back(std::move(rule));
  }
  return std::make_shared<RuleSet>(std::move(rules), Matching::kAll);
}

bool every_type(event::TypeId) { return true; }

const std::vector<std::string> kPaths = {
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
const std::vector<std::string> kBeginnings = {
    "/etc",       "/etc/",  "/etc/pam.d",
    "/root/.ssh", "/dev/s", "/",
    "/proc",      "/v",     "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1"};
const std::vector<std::string> kParts = {
    "shadow",      "passwd", "id_rsa", "null", "release_agent",
    "common-auth", "x",      "adow",   "ow",   "a-name-that-is-longer-than-its-part-of-the-key",
    "etc/shadow"};
const std::vector<std::string> kDirectories = {"/etc", "/etc/pam.d", "/", "/dev", "/root/.ssh", "/tmp"};
const std::vector<std::string> kNames = {"bash", "sshd", "python3", "nginx", "init"};

std::string list_of(Random& random, const std::vector<std::string>& items) {
  std::string list = "(";
  const std::size_t count = 1 + below(random, 3);
  for (std::size_t i = 0; i < count; ++i) list += (i == 0 ? "'" : ", '") + pick(random, items) + "'";
  return list + ")";
}
std::string quoted(Random& random, const std::vector<std::string>& items) {
  return "'" + pick(random, items) + "'";
}

std::string name_check(Random& random) {
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

std::string open_check(Random& random) {
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

std::string process_check(Random& random) {
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

std::string user_check(Random& random) {
  return pick(random, {"user.uid = 1000", "user.uid != 1000", "user.uid in (0, 33, 1000)", "user.uid >= 1000",
                       "user.uid < 65534", "not user.uid in (1000, 65534)", "user.loginuid = -1",
                       "user.loginuid != -1", "user.loginuid >= 1000", "user.loginuid in (0, 1000, -1)",
                       "user.loginuid < 0", "user.uid exists", "user.uid = val(group.gid)"});
}

std::string socket_check(Random& random) {
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

std::string other_check(Random& random) {
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

std::string event_types(Random& random) {
  return pick(random, {"evt.type = openat", "evt.type in (open, openat, openat2)",
                       "evt.type in (open, creat)", "evt.type in (ptrace, unshare, socket)",
                       "evt.type in (connect, sendto, dup)", "evt.type != openat"});
}

std::string condition(Random& random, int depth, bool sockets = false) {
  const std::size_t choice = below(random, depth <= 0 ? 5 : 11);
  if (choice < 2 && sockets) return socket_check(random);
  if (choice < 2) return name_check(random);
  if (choice == 4 && below(random, 3) == 0) return user_check(random);
  if (choice == 2) return open_check(random);
  if (choice == 3) return process_check(random);
  if (choice == 4) return other_check(random);
  if (choice == 5) return "not (" + condition(random, depth - 1, sockets) + ")";
  const std::string word = choice < 9 ? " and " : " or ";
  std::string text = "(" + condition(random, depth - 1, sockets);
  const std::size_t more = 1 + below(random, 3);
  for (std::size_t i = 0; i < more; ++i) text += word + condition(random, depth - 1, sockets);
  return text + ")";
}

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
    if (sockets_only || below(random_, 3) == 0) return make_call();
    make_open();
  }

  bool sockets_only = false;

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
        sockets_only
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
  std::string requested_, resolved_, inner_;
  std::array<char, 16> local_{}, remote_{};
  sockaddr_in peer_{};
};

constexpr std::size_t kEvents = 100;  // for each set of rules

RC_GTEST_PROP(Planner, LetsThroughWhatRulesMatch, (std::uint64_t seed)) {
  Random random(seed);
  std::vector<std::string> conditions;
  const std::size_t count = 1 + below(random, 8);
  for (std::size_t i = 0; i < count; ++i) {
    // As rules are: some calls, in few places, and what is special about them.
    std::string text = condition(random, 3);
    if (below(random, 8) != 0) text = event_types(random) + " and " + text;
    if (below(random, 2) != 0) text += " and " + name_check(random);
    if (below(random, 2) != 0)
      text += " and " + pick(random, {"container.id != host", "not proc.name = bash", "evt.res = SUCCESS"});
    conditions.push_back(std::move(text));
  }
  const auto rules = rule_set(conditions);
  const Plan plan = make_plan(*rules, every_type);
  ProcessClasses classes(*rules, plan);
  const PlanModel model(plan, classes);
  Evaluator evaluator(*rules);
  EventMaker maker(random);
  std::size_t matched = 0, passed = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    maker.make();
    Arena arena;
    const auto matches = evaluator.evaluate(maker.scene().subject, arena);
    const bool passes = model.passes(maker.scene().subject, maker.parent(), arena);
    matched += matches.empty() ? 0 : 1;
    passed += passes ? 1 : 0;
    if (passes || matches.empty()) continue;
    std::string said = fmt::format("an event {} is matched by {}", event::type_name(maker.scene().event.type),
                                   conditions[matches[0].rule]);
    for (const auto name : {"fd.name", "fd.nameraw", "evt.res", "evt.arg.flags", "proc.name", "proc.pname",
                            "user.uid", "fd.typechar", "container.id"})
      said += fmt::format("; {} {}", name, maker.scene().read(name));
    RC_FAIL(said);
  }
  RC_TAG(passed == kEvents ? "all pass" : passed > matched ? "some more pass" : "exact");
}

// Who began a connection is learnt from other events, which the plan lets through for the sake of it.
// `called`: of the kinds whose role the plan sees to.
void rules_on_sockets(std::uint64_t seed, bool called) {
  Random random(seed);
  std::vector<std::string> conditions;
  const std::size_t count = 1 + below(random, 4);
  const auto check = [&] {
    std::string text = socket_check(random);
    // Whether an end is new depends on all that came before, as far as it was seen.
    while (called && text.find("changed") != std::string::npos) text = socket_check(random);
    return text;
  };
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = pick(random, {"evt.type = connect", "evt.type in (accept, accept4, listen)",
                                     "evt.type in (connect, sendto)", "evt.type in (write, dup)",
                                     "evt.type = recvfrom", "evt.type = bind", "evt.type != dup"});
    text += " and " + check() + " and " + (below(random, 2) == 0 ? check() : user_check(random));
    if (below(random, 2) == 0) text += " and (" + check() + " or not " + check() + ")";
    conditions.push_back(std::move(text));
  }
  const auto rules = rule_set(conditions);
  const Plan plan = make_plan(*rules, every_type);
  ProcessClasses classes(*rules, plan);
  const PlanModel model(plan, classes);
  Evaluator evaluator(*rules);
  EventMaker maker(random);
  maker.sockets_only = true;
  state::Sockets all, passed;
  std::size_t ruled_out = 0;
  for (std::size_t i = 0; i < kEvents; ++i) {
    maker.make();
    fields::Subject& subject = maker.scene().subject;
    const std::string_view call = event::type_name(subject.event->type);
    if (called && (call == "recvfrom" || call == "bind")) continue;
    const auto judge = [&](state::Sockets& sockets) {
      Arena arena;
      subject.sockets = &sockets;
      subject.socket = nullptr;
      if (const event::Descriptor* socket = fields::main_descriptor_of(subject))
        subject.socket = sockets.on(*subject.event, *socket, fields::peer_address_of(*subject.event));
      std::string matched;
      for (const auto& match : evaluator.evaluate(subject, arena)) matched += "\n" + conditions[match.rule];
      return matched;
    };
    Arena arena;
    const bool passes = model.passes(subject, maker.parent(), arena);
    ruled_out += passes ? 0 : 1;
    // What was sent is what is known, when this event is judged.
    state::Sockets before = passed;
    const std::string with_passed = judge(passes ? passed : before);
    const std::string with_all = called ? judge(all) : with_passed;
    if (with_all == with_passed && (passes || with_passed.empty())) continue;
    std::string said = fmt::format("{} that {}: with all events{}\nwith those that passed{}\n",
                                   event::type_name(subject.event->type), passes ? "passes" : "is ruled out",
                                   with_all, with_passed);
    for (const auto name :
         {"fd.name", "fd.type", "fd.l4proto", "fd.lport", "fd.rport", "user.uid", "user.loginuid", "evt.res"})
      said += fmt::format("; {} {}", name, maker.scene().read(name));
    RC_FAIL(said);
  }
  RC_TAG(ruled_out == 0 ? "all pass" : "some are ruled out");
}

RC_GTEST_PROP(Planner, LetsThroughWhatRulesOnSocketsMatch, (std::uint64_t seed)) {
  rules_on_sockets(seed, false);
}
RC_GTEST_PROP(Planner, LetsThroughWhoBeganAConnection, (std::uint64_t seed)) { rules_on_sockets(seed, true); }

// Rules whose terms outnumber the bits share them.
TEST(Planner, ManyRulesShareBits) {
  std::vector<std::string> conditions;
  for (int i = 0; i < 300; ++i)
    conditions.push_back(fmt::format("evt.type = openat and fd.name = /etc/file{}", i));
  const auto rules = rule_set(conditions);
  const Plan plan = make_plan(*rules, every_type);
  ProcessClasses classes(*rules, plan);
  const PlanModel model(plan, classes);
  fields::Scene scene;
  for (int i = 0; i < 302; ++i) {
    const std::string name = fmt::format("/etc/file{}", i);
    scene.file().name = scene.file().resolved = fields::text_of(name);
    EXPECT_EQ(model.passes(scene.subject, nullptr, scene.arena), i < 300) << name;
  }
}

struct Ruled {
  std::string_view condition;
  std::string_view name;
  bool passes;
};

TEST(Planner, RulesOut) {
  constexpr Ruled kRows[] = {
      {"evt.type = openat and fd.name = /etc/shadow", "/etc/shadow", true},
      {"evt.type = openat and fd.name = /etc/shadow", "/tmp/shadow", false},
      {"evt.type = openat and fd.name = /etc/shadow", "/etc/passwd", false},
      {"evt.type = openat and fd.name startswith /etc", "/etcetera", true},
      {"evt.type = openat and fd.name startswith /etc", "/usr/etc", false},
      {"evt.type = openat and fd.name endswith release_agent", "/x/release_agent", true},
      {"evt.type = openat and fd.name endswith release_agent", "/x/agents", false},
      {"evt.type = openat and fd.directory = /etc/pam.d", "/etc/pam.d/login", true},
      {"evt.type = openat and fd.directory = /etc/pam.d", "/etc/pam/login", false},
      {"evt.type = openat and not fd.name startswith /proc", "/proc/1/stat", false},
      {"evt.type = openat and not fd.name startswith /proc", "/pro", true},
      {"evt.type = openat and not fd.name in (/dev/null, /dev/tty)", "/dev/null", false},
      {"evt.type = openat and not fd.name in (/dev/null, /dev/tty)", "/dev/zero", true},
      {"evt.type = openat and fd.name pmatch (/etc, /usr)", "/etc", true},
      {"evt.type = openat and fd.name pmatch (/etc, /usr)", "/var/etc", false},
      {"evt.type = openat and fd.name glob '/home/*/.ssh/*'", "/home/a/.ssh/b", true},
      {"evt.type = openat and fd.name glob '/home/*/.ssh/*'", "/root/.ssh/b", false},
      {"evt.type = openat and (fd.name = /a or fd.directory = /b)", "/b/x", true},
      {"evt.type = openat and (fd.name = /a or fd.directory = /b)", "/x/a", false},
      {"evt.type = openat and fd.name = /x and proc.name = nginx", "/x", false},
      {"evt.type = openat and fd.name = /x and proc.name = python3", "/x", true},
      {"evt.type = openat and fd.name = /x and not proc.pname in (bash, sh)", "/x", false},
      {"evt.type = openat and fd.name = /x and proc.pname = bash", "/x", true},
      {"evt.type = openat and fd.name = /x and evt.is_open_write = true", "/x", false},
      {"evt.type = openat and fd.name = /x and container.id != host", "/x", false},
      {"evt.type = openat and fd.name = /x and evt.res = ENOENT", "/x", false},
      {"evt.type = openat and fd.name = /x and evt.wait_latency > 0", "/x", false},  // has never a value
      {"evt.type = openat and user.name = root and (user.name = ann or user.name != root)", "/x", true},
      {"evt.type = openat and fd.name = /x and user.uid = 1234", "/x", false},
      {"evt.type = openat and fd.name = /x and user.uid in (0, 1234)", "/x", false},
      {"evt.type = openat and fd.name = /x and user.uid >= 1000", "/x", true},
      {"evt.type = openat and fd.name = /x and user.loginuid = 1000", "/x", false},
      {"evt.type = openat and fd.name = /x and user.loginuid < 0", "/x", true},
      {"evt.type = openat and user.name = root and not user.uid = 3 and user.name != root", "/x", false},
  };
  for (const auto& [text, name, passes] : kRows) {
    SCOPED_TRACE(fmt::format("{} on {}", text, name));
    const auto rules = rule_set({std::string(text)});
    const Plan plan = make_plan(*rules, every_type);
    ProcessClasses classes(*rules, plan);
    const PlanModel model(plan, classes);
    fields::Scene scene;
    scene.file().name = scene.file().resolved = fields::text_of(name);
    scene.file().flags = event::kOpenRead;
    EXPECT_EQ(model.passes(scene.subject, scene.processes.parent_of(*scene.subject.process), scene.arena),
              passes);
  }
}

TEST(Planner, TheFirstPartOfAPathRulesOutWhatNoPathBelowItMeets) {
  struct Row {
    const char *condition, *top;
    bool met;
  };
  constexpr Row kRows[] = {
      {"fd.name startswith /home/", "home", true},
      {"fd.name startswith /home/", "etc", false},
      {"fd.name startswith /home/", "homes", false},
      {"fd.name startswith /dev", "dev", true},
      {"fd.name startswith /dev", "devices", true},
      {"fd.name startswith /dev/sd", "devices", false},
      {"fd.name startswith /dev/sd or fd.name startswith /d", "devices", true},
      {"fd.name glob '/home/*/.ssh/*'", "home", true},
      {"fd.name glob '/home/*/.ssh/*'", "root", false},
      {"fd.name glob '/*/.ssh/*'", "root", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "usr", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "opt", true},
      {"fd.name pmatch (/usr/lib, /opt/x)", "var", false},
      {"fd.name = /vmlinuz", "vmlinuz", true},
      {"fd.name = /vmlinuz", "boot", false},
      {"fd.name contains shadow", "etc", true},
      {"not fd.name startswith /proc/", "proc", true},  // /proc itself
      {"not fd.name startswith /proc/", "etc", true},
  };
  for (const auto& [condition, top, met] : kRows) {
    SCOPED_TRACE(fmt::format("{} below {}", condition, top));
    const auto rules = rule_set({fmt::format("evt.type = openat and ({})", condition)});
    const Plan plan = make_plan(*rules, every_type);
    const event::PlanProgram& program =
        plan.filter.programs[plan.filter.program_of[event::find_type("openat").value()]];
    event::PlanTerms terms = program.tables.top.other;
    for (const event::PlanText& text : program.texts) {
      if (text.part == SAKER_PLAN_PART_TOP && text.text == top) terms = text.terms;
    }
    EXPECT_EQ((terms & program.tables.all) != 0, met);
  }
}

}  // namespace
}  // namespace saker::rules
