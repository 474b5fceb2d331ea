// The conditions of the conformance files, judged on the values that their scenarios have. A case that asks
// for a field without a value here is left out; how many are judged is checked, so that none goes unseen.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/condition_parser.h"
#include "rules/program.h"
#include "rules/rule_set.h"
#include "rules/test_catalogue.h"

namespace saker::rules {
namespace {

using fields::Type;
using fields::Value;
using nlohmann::json;

struct Scenario {
  std::string_view name;
  std::string_view event_type;
  std::string_view values;  // field=value or field[argument]=value, one a line; without = when missing
};

constexpr std::string_view kCommon = R"(proc.name=init
proc.pid=1
proc.exe=/sbin/init
proc.cmdline=init context ls --format {{json .}}
proc.args=context ls --format {{json .}}
proc.cwd=/root/
proc.tty=0
proc.duration=10000000
proc.env[PATH]=/bin
proc.aname[1]
proc.aargs=
thread.tid=1
thread.vtid=1
user.name=root
user.loginuid=-1
container.id=host
container.image.repository=
k8s.ns.name
evt.cpu=1
evt.num=1
evt.count=1
evt.dir=<
evt.category=file
evt.rawtime=1566230400010000000
evt.failed=false
fd.sip
fd.sport
fd.lport)";

constexpr Scenario kScenarios[] = {
    {"openat_w", "openat", R"(fd.name=/etc/passwd
fd.nameraw=../etc/passwd
fd.filename=passwd
fd.directory=/etc
fd.num=5
fd.type=file
fd.typechar=f
fd.types=file
fd.ino=4242
fd.dev=2051
evt.res=SUCCESS
evt.rawres=5
evt.is_open_write=true
evt.is_open_read=true
evt.is_open_create=true
evt.is_open_exec=true
evt.abspath=/etc/passwd
evt.arg[fd]=<f>/etc/passwd
evt.arg[0]=<f>/etc/passwd
evt.arg[1]=AT_FDCWD
evt.arg[50]
evt.arg[name]=/etc/passwd
evt.arg[mode]=0755
evt.arg[flags]=O_RDWR|O_CREAT|O_CLOEXEC|F_CREATED
evt.arg[res]
evt.rawarg[name]=../etc/passwd
evt.rawarg[fd]=5
evt.rawarg[mode]=493
evt.rawarg[flags]=20487
evt.rawarg[res])"},
    {"openat_r", "openat", R"(fd.name=/etc/shadow
fd.num=5
evt.arg[flags]=O_RDONLY
evt.is_open_write=false
evt.latency.human=0ns
evt.around[1566230400010000000]=0
evt.around[1566230300000000000]=100010
evt.source=syscall
evt.is_async=false
fd.is_upper_layer=false
container.privileged)"},
    {"openat_fail", "openat", R"(fd.name=/root/sub/missing.txt
fd.filename
fd.num=-2
fd.type
fd.typechar=f
fs.path.name=<UNKNOWN>
fs.path.nameraw=sub/missing.txt
evt.rawres=-2
evt.res=ENOENT
evt.failed=true
evt.is_open_read=true)"},
    {"openat_dirfd", "openat", R"(fd.name=/var/syslog/a.log
fd.directory=/var/syslog
evt.arg[dirfd]=<d>/var/log
evt.is_open_write=true
evt.is_open_create=false)"},
    {"openat_dirfd_unknown", "openat", "fd.name=<UNKNOWN>rel.txt\nfd.directory=/"},
    {"open_dir", "openat", "fd.name=/var/log\nfd.directory=/var/log\nfd.filename"},
    {"open_root", "openat", "fd.name=/topfile\nfd.directory=/\nfd.filename=topfile"},
    {"connect4", "connect", R"(fd.name=172.40.111.222:54321->142.251.111.147:443
fd.filename
fd.directory
fd.types=file ipv4
fd.type=ipv4
fd.typechar=4
fd.sip=142.251.111.147
fd.cip=172.40.111.222
fd.snet=142.251.111.147
fd.cnet=172.40.111.222
fd.sport=443
fd.sproto=443
fd.cproto=54321
fd.l4proto=tcp
fd.is_server=false
fd.connected=true
fd.sockfamily=ip
fd.sip.name=
evt.arg[tuple]=172.40.111.222:54321->142.251.111.147:443
fd.ip=172.40.111.222 142.251.111.147
fd.net=172.40.111.222 142.251.111.147
fd.port=54321 443
fd.proto=54321 443)"},
    {"connect6", "connect",
     R"(fd.sip=2001:4860:4860::8888
fd.snet=2001:4860:4860::8888
fd.type=ipv6
fd.typechar=6
fd.ip=::1 2001:4860:4860::8888
fd.net=::1 2001:4860:4860::8888)"},
    {"connect_unix", "connect", R"(fd.name=9c758d0f->9c758d0a /tmp/socket.sock
fd.type=unix
fd.typechar=u
fd.sockfamily=unix)"},
    {"socket", "socket", "fd.num=4\nfd.l4proto=<NA>\nevt.arg[domain]=AF_INET"},
    {"bind4", "bind", "fd.is_server=true\nfd.sport=8080\nfd.sip=0.0.0.0\nfd.type=ipv4"},
    {"accept4", "accept4", R"(fd.name=10.1.2.3:40000->10.9.9.9:8080
fd.cip=10.1.2.3
fd.rip=10.1.2.3
fd.cnet=10.1.2.3
fd.sport=8080
fd.lport=8080
fd.is_server=false)"},
    {"execve", "execve", R"(proc.name=run.sh
proc.exe=./run.sh
proc.exepath=/home/u/run.sh
proc.args=-c echo  hi  --opt=v
proc.args[1]=echo  hi
proc.cmdline=run.sh -c echo  hi  --opt=v
proc.cmdnargs=4
proc.cmdlenargs=17
proc.pname=bash
proc.pcmdline=bash
proc.ppid=21
proc.aname=bash sshd init
proc.tty=34816
proc.cwd=/root/
proc.env=PATH=/bin:/usr/bin LD_PRELOAD=  /tmp/x.so   EMPTY=
proc.env[LD_PRELOAD]=/tmp/x.so
proc.env[EMPTY]=
proc.env[NOPE]=
proc.is_exe_writable=true
proc.is_sid_leader=false
proc.vpgid.name=run.sh
user.uid=1000
user.name=u1000
user.loginuid=1000
group.gid=0
proc.is_exe_from_memfd=false
proc.exeline=./run.sh -c echo  hi  --opt=v
proc.args[2]=
evt.arg[args]=-c.echo  hi..--opt=v.
thread.cap_permitted=CAP_CHOWN CAP_KILL
proc.exe_ino=777
proc.exe_ino.ctime=1000000000
thread.cgroup[memory]=/user.slice
evt.is_open_exec=false)"},
    {"tree", "getcwd", R"(proc.name=python3
proc.cmdline=python3
proc.exe_ino
proc.env[NOPE]=
proc.aname=bash sshd init
proc.aname[1]=bash
proc.aname[3]=init
proc.aname[9]
proc.apid=21 20 1
proc.aname[0]=python3
proc.apid[2]=20
proc.aenv[1]=HOME=/home/user/parent TOKEN=secret
proc.aenv[HOME]=/home/user/parent
proc.env[HOME]=/home/user/parent
proc.sname=init
proc.vpgid.name=init
proc.loginshellid=21
proc.is_vpgid_leader=false)"},
    {"unlinkat", "unlinkat", R"(fd.name=/
fd.num=-100
fd.typechar=o
fd.directory=/
fs.path.name=/b.txt
evt.arg[name]=b.txt)"},
    {"unlinkat_fail", "unlinkat", "fs.path.name\nevt.abspath=/root/b.txt"},
    {"renameat2", "renameat2", R"(fs.path.source=/root/src.txt
fs.path.target=/tmp/dst.txt
fs.path.sourceraw=src.txt
fs.path.name
evt.abspath=/root/src.txt
evt.abspath[dst]=/tmp/dst.txt
evt.arg[oldpath]=/root/src.txt)"},
    {"symlinkat", "symlinkat",
     "fs.path.source=<UNKNOWN>lnk\nfs.path.target=/etc/shadow\nevt.arg[target]=/etc/shadow"},
    {"link", "link", "fs.path.source=/tmp/hl\nfs.path.target=/etc/shadow"},
    {"chmod", "chmod", "fs.path.name=/tmp/f\nevt.arg[filename]=/tmp/f\nevt.arg[mode]=S_ISUID|S_IXUSR"},
    {"setuid", "setuid", R"(evt.arg[uid]=root
evt.rawarg[uid]=0)"},
    {"kill", "kill", "evt.arg[sig]=SIGKILL\nevt.arg[pid]=init"},
    {"write", "write", R"(fd.name=/tmp/out
evt.buffer=hello\n"w\
evt.buflen=10
evt.io_dir=write
evt.is_io_write=true
evt.is_io_read=false
evt.arg[data]=hello.."w\
evt.rawarg[res]=10)"},
    {"execve_noargs", "execve", "proc.cmdline=x\nevt.arg[args]=NULL\nproc.exe=\nproc.args="},
    {"generic", "capget", "evt.res\nevt.failed\nsyscall.type=capget"},
    {"close", "close", "fd.name=/dev/null"},
    {"dup", "dup2", R"(fd.num=1
fd.name=/dev/null
evt.arg[oldfd]=<f>/dev/null)"},
    {"memfd", "memfd_create", R"(fd.typechar=m
fd.name=payload)"},
    {"bpf", "bpf", R"(evt.arg[cmd]=BPF_PROG_LOAD
fd.typechar=b)"},
    {"procexit", "procexit", "evt.res\nevt.rawres\nevt.failed\nfd.name"},
    {"nothread", "chmod", R"(proc.name=<NA>
proc.pid=-1
proc.cmdline=<NA>
evt.arg[filename]=/tmp/f
user.uid=4294967295
proc.vpid)"},
    {"getcwd", "getcwd", "fd.name\nevt.res=ENOENT"},
    {"prctl", "capget", ""},
    {"utf8", "openat", "fd.name=/tmp/a\xff\"b\tc\\d"},
};

// The reference refuses to compare a signal's number, here it is a number like others.
constexpr std::string_view kAccepted = "event-049";

// A list of addresses or networks for both ends: the reference never matches the one and looks at the first
// of the other only. Here each of the list counts, as it does for one end.
constexpr std::string_view kTwoEndedLists[] = {"net-005", "net-006", "net-019", "net-042"};

// The real schema; values come from the scenario.
const fields::Catalogue& catalogue() {
  static const fields::Catalogue made([] {
    const auto rows = fields::syscall_catalogue().rows();
    return TestValues::with_readers({rows.begin(), rows.end()});
  }());
  return made;
}

class Stage {
 public:
  explicit Stage(const Scenario& scenario) {
    TestValues::clear();
    event_.type = event::find_type(scenario.event_type).value();
    for (const std::string_view lines : {kCommon, scenario.values}) add_lines(lines);
    add(fmt::format("evt.type={}", scenario.event_type));
  }

  bool has_all(const CompiledCondition& condition) const {
    return std::ranges::all_of(condition.values, [&](const ValueNode& value) {
      return value.kind != ValueNode::Kind::kField || given_.contains(place(value.field));
    });
  }

  bool judge(std::shared_ptr<const CompiledCondition> condition) {
    std::vector<EnabledRule> rules(1);
    rules[0].condition = std::move(condition);
    const RuleSet set(std::move(rules), Matching::kFirst);
    fields::Subject subject;
    subject.event = &event_;
    Evaluator evaluator(set);
    return !evaluator.evaluate(subject, arena_).empty();
  }

 private:
  static std::string place(const fields::FieldRef& ref) {
    const fields::Argument& argument = ref.argument;
    const bool index = argument.kind == fields::Argument::Kind::kIndex;
    return fmt::format("{} {}", ref.field->name, index ? std::to_string(argument.index) : argument.key);
  }

  void add_lines(std::string_view lines) {
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      add(line);
    }
  }

  void add(std::string_view line) {
    std::size_t end = line.find_first_of("=[");
    const std::string_view name = line.substr(0, end);
    std::string argument;
    if (end < line.size() && line[end] == '[') {
      const std::size_t close = line.find(']', end);
      argument = line.substr(end + 1, close - end - 1);
      end = close + 1;
    }
    const fields::Field* field = catalogue().find(name);
    ASSERT_NE(field, nullptr) << name;
    const auto row = static_cast<std::size_t>(field - catalogue().rows().data());
    given_.insert(fmt::format("{} {}", name, argument));
    const bool there = end < line.size() && line[end] == '=';
    const bool is_list = (field->flags & fields::kList) != 0 || (field->any_when_bare && argument.empty());
    TestValues::set(row, there ? value(field->type, is_list, line.substr(end + 1)) : Value(), argument);
  }

  Value value(Type type, bool is_list, std::string_view text) {
    if (is_list) {
      std::vector<Value> items;
      do {
        const std::string_view item = text.substr(0, text.find(' '));
        items.push_back(value(type, false, item));
        text.remove_prefix(std::min(item.size() + 1, text.size()));
      } while (!text.empty());
      return Value::list(lists_.emplace_back(std::move(items)));
    }
    const std::string& kept = texts_.emplace_back(text);
    switch (type) {
      case Type::kText:
      case Type::kPath:
      case Type::kBytes:
        return Value::text(kept);
      case Type::kBool:
        return Value::boolean(kept == "true");
      case Type::kDynamic:
        return kept.find_first_not_of("0123456789") == std::string::npos ? Value::integer(std::stoll(kept))
                                                                         : Value::text(kept);
      case Type::kIpAddress:
      case Type::kIpNetwork: {
        const bool v4 = kept.find('.') != std::string::npos;
        std::string& bytes = texts_.emplace_back(v4 ? 4 : 16, '\0');
        EXPECT_EQ(::inet_pton(v4 ? AF_INET : AF_INET6, kept.c_str(), bytes.data()), 1) << kept;
        return Value::ip(bytes);
      }
      case Type::kUint32:
        return Value::unsigned_integer(static_cast<std::uint32_t>(std::stoll(kept)));
      default:
        return Value::integer(std::stoll(kept));
    }
  }

  event::Event event_;
  Arena arena_;
  std::set<std::string> given_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> lists_;
};

std::optional<json> cases(std::string_view file) {
  std::ifstream stream(fmt::format("{}/reference/{}", SAKER_SHARED_DIR, file));
  if (!stream) return std::nullopt;
  return json::parse(stream).at("cases");
}

std::optional<CompileResult> compile(const std::string& text) {
  const Parsed parsed = parse_condition(text);
  if (!parsed.tree) return std::nullopt;
  CompileResult result = compile_condition(*parsed.tree, catalogue());
  return result.condition ? std::optional(std::move(result)) : std::nullopt;
}

// Nothing when the case cannot be judged here; "refused", "true" or "false" else.
std::optional<std::string> outcome(const std::string& scenario,
                                   const std::optional<CompileResult>& compiled) {
  if (!compiled) return "refused";
  const auto known = std::ranges::find(kScenarios, scenario, &Scenario::name);
  if (known == std::end(kScenarios)) return std::nullopt;
  Stage stage(*known);
  if (!stage.has_all(*compiled->condition)) return std::nullopt;
  return stage.judge(compiled->condition) ? "true" : "false";
}

std::string name_of(bool compiles, bool holds) { return !compiles ? "refused" : holds ? "true" : "false"; }

TEST(ConditionConformance, Language) {
  const auto all = cases("conformance-language.json");
  if (!all) GTEST_SKIP() << "no reference";
  const std::set<std::string> areas = {"null", "string", "transform", "modifier", "number", "field",
                                       "net",  "bytes",  "path",      "proc",     "event"};
  std::size_t asked = 0, judged = 0;
  for (const json& one : *all) {
    if (!areas.contains(one["area"]) || one["id"] == kAccepted) continue;
    ++asked;
    const std::string input = one["input"];
    const json& expect = one["expect"];
    const auto compiled = compile(input);
    const bool compiles = expect["compiles"];
    EXPECT_EQ(compiled.has_value(), compiles) << one["id"] << " " << input;
    if (compiled) {
      EXPECT_EQ(compiled->warnings.size(), expect.value("warnings", json::array()).size()) << input;
    }
    if (compiles && !expect.contains("result")) continue;  // the reference stopped
    const auto found = outcome(one["setup"].value("scenario", ""), compiled);
    if (!found) {
      std::cout << "left out, no value here: " << one["id"] << " " << one["input"] << "\n";
      continue;
    }
    ++judged;
    if (std::ranges::count(kTwoEndedLists, one["id"].get<std::string>()) != 0) {
      EXPECT_EQ(*found, name_of(true, true)) << input;
      continue;
    }
    EXPECT_EQ(*found, name_of(compiles, expect.value("result", false))) << one["id"] << " " << input;
  }
  EXPECT_EQ(asked, 333U);
  // One has no result in the reference; two ask for the text of a whole environment, and for it under each
  // ancestor.
  EXPECT_EQ(judged, asked - 3);
}

TEST(ConditionConformance, Cases) {
  const auto all = cases("conformance-cases.json");
  if (!all) GTEST_SKIP() << "no reference";
  std::size_t asked = 0, judged = 0;
  for (const json& one : *all) {
    if (one["area"] != "eval") continue;
    ++asked;
    const std::string input = one["input"]["condition"];
    const json& expect = one["expect"];
    const bool compiles = !expect.value("rejected_at_compile", false);
    const auto compiled = compile(input);
    EXPECT_EQ(compiled.has_value(), compiles) << one["id"] << " " << input;
    const auto found = outcome(one["input"]["scenario"], compiled);
    if (!found) {
      std::cout << "left out, no value here: " << one["id"] << " " << one["input"] << "\n";
      continue;
    }
    ++judged;
    EXPECT_EQ(*found, name_of(compiles, expect.value("match", false))) << one["id"] << " " << input;
  }
  EXPECT_EQ(asked, 232U);
  EXPECT_EQ(judged, asked);
}

TEST(ConditionConformance, EventTypes) {
  const auto all = cases("conformance-language.json");
  if (!all) GTEST_SKIP() << "no reference";
  const std::size_t every = event::type_count() - 1;
  std::size_t judged = 0;
  for (const json& one : *all) {
    if (one["area"] != "evtset") continue;
    ++judged;
    const std::string input = one["input"];
    const auto compiled = compile(input);
    const json& expect = one["expect"];
    EXPECT_EQ(compiled.has_value(), !expect.contains("error")) << input;
    if (!compiled || expect.contains("error")) continue;
    const json& wanted = expect["syscalls"];
    if (wanted.is_string()) {
      EXPECT_EQ(compiled->event_types.size(), wanted == "all" ? every : every - 1) << input;
      continue;
    }
    std::set<std::string> names;
    for (const event::TypeId type : compiled->event_types) names.emplace(event::type_name(type));
    EXPECT_EQ(names, wanted.get<std::set<std::string>>()) << input;
  }
  EXPECT_EQ(judged, 18U);
}

}  // namespace
}  // namespace saker::rules
