// The reference engine's cases on conditions: what compiles, and what matches. The fields are those of its
// list, and their values in a scenario are written down here, so that what is tested is the language alone:
// a case on a field without a value here is only compiled.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/condition_parser.h"
#include "rules/rule_set.h"
#include "rules/test_catalogue.h"

namespace saker::rules {
namespace {

using fields::ArgumentKind;
using fields::Type;
using fields::Value;

constexpr std::string_view kMissing = "(missing)";

// Cases where this engine differs on purpose or has not the knowledge.
const std::set<std::string> kDifferences = {
    "event-049",  // the parameters' types are not known when compiling, so a signal is not refused
};

// scenario, then `field` or `field[argument]` and its value; a list is written with | between its elements.
const std::map<std::string, std::map<std::string, std::string>> kScenarios = {
    {"openat_r",
     {{"evt.type", "openat"}, {"fd.name", "/etc/shadow"}, {"fd.num", "5"}, {"evt.cpu", "1"},
      {"evt.is_open_write", "false"}, {"evt.num", "1"}, {"container.id", "host"}, {"proc.aargs", "(missing)"},
      {"evt.arg[flags]", "O_RDONLY"}, {"evt.category", "file"}, {"evt.source", "syscall"}, {"evt.is_async", "false"},
      {"container.privileged", "false"}, {"k8s.ns.name", "(missing)"}, {"fd.is_upper_layer", "false"},
      {"evt.latency.human", "0ns"}}},
    {"openat_w",
     {{"evt.type", "openat"}, {"fd.name", "/etc/passwd"}, {"fd.nameraw", "../etc/passwd"}, {"fd.filename", "passwd"},
      {"fd.directory", "/etc"}, {"fd.num", "5"}, {"fd.type", "file"}, {"fd.typechar", "f"}, {"fd.ino", "4242"},
      {"fd.dev", "2051"}, {"fd.types", "file"}, {"fd.sip", "(missing)"}, {"fd.sport", "(missing)"},
      {"fd.lport", "(missing)"}, {"evt.rawres", "5"}, {"evt.res", "SUCCESS"}, {"evt.failed", "false"},
      {"evt.count", "1"}, {"evt.num", "1"}, {"evt.dir", "<"}, {"evt.is_open_write", "true"},
      {"evt.is_open_read", "true"}, {"evt.is_open_exec", "true"}, {"evt.is_open_create", "true"},
      {"evt.category", "file"}, {"evt.abspath", "/etc/passwd"}, {"evt.rawtime", "1566230400010000000"},
      {"evt.arg[mode]", "0755"}, {"evt.rawarg[mode]", "#493"}, {"evt.arg[flags]", "O_RDWR|O_CREAT|O_CLOEXEC"},
      {"evt.rawarg[flags]", "#20487"}, {"evt.arg[fd]", "<f>/etc/passwd"}, {"evt.arg[0]", "<f>/etc/passwd"},
      {"evt.arg[1]", "/etc/passwd"}, {"evt.arg[name]", "/etc/passwd"}, {"evt.rawarg[fd]", "#5"},
      {"evt.arg[res]", "(missing)"}, {"evt.rawarg[res]", "(missing)"}, {"evt.arg[50]", "(missing)"},
      {"user.loginuid", "-1"}, {"user.name", "root"}, {"proc.tty", "0"}, {"proc.duration", "10000000"},
      {"proc.name", "init"}, {"proc.pid", "1"}, {"thread.tid", "1"}, {"thread.vtid", "1"}, {"proc.exe", "/sbin/init"},
      {"proc.cmdline", "init context ls --format {{json .}}"}, {"proc.args", "context ls --format {{json .}}"},
      {"proc.cwd", "/root/"}, {"proc.aname[1]", "(missing)"}, {"proc.env[PATH]", "/bin"}, {"container.id", "host"},
      {"container.image.repository", ""}, {"k8s.ns.name", "(missing)"}}},
    {"openat_fail",
     {{"evt.type", "openat"}, {"evt.rawres", "-2"}, {"evt.res", "ENOENT"}, {"evt.failed", "true"}, {"fd.num", "-2"},
      {"fd.name", "/root/sub/missing.txt"}, {"fd.filename", "(missing)"}, {"fd.typechar", "f"},
      {"fd.type", "(missing)"}, {"evt.is_open_read", "true"}}},
    {"open_dir", {{"evt.type", "openat"}, {"fd.name", "/var/log"}, {"fd.directory", "/var/log"}, {"fd.filename", "(missing)"}}},
    {"open_root", {{"evt.type", "openat"}, {"fd.name", "/topfile"}, {"fd.directory", "/"}, {"fd.filename", "topfile"}}},
    {"connect4",
     {{"evt.type", "connect"}, {"fd.filename", "(missing)"}, {"fd.directory", "(missing)"}, {"proc.name", "init"},
      {"fd.sip", "142.251.111.147"}, {"fd.cip", "172.40.111.222"}, {"fd.snet", "142.251.111.147"},
      {"fd.cnet", "172.40.111.222"}, {"fd.sport", "443"}, {"fd.sproto", "443"}, {"fd.cproto", "54321"},
      {"fd.l4proto", "tcp"}, {"fd.type", "ipv4"}, {"fd.typechar", "4"}, {"fd.types", "file|ipv4"},
      {"fd.is_server", "false"}, {"fd.connected", "true"}, {"fd.sockfamily", "ip"},
      {"fd.name", "172.40.111.222:54321->142.251.111.147:443"},
      {"evt.arg[tuple]", "172.40.111.222:54321->142.251.111.147:443"}}},
    {"connect6",
     {{"evt.type", "connect"}, {"fd.sip", "2001:4860:4860::8888"}, {"fd.snet", "2001:4860:4860::8888"}, {"fd.type", "ipv6"},
      {"fd.typechar", "6"}}},
    {"connect_unix",
     {{"evt.type", "connect"}, {"fd.name", "9c758d0f->9c758d0a /tmp/socket.sock"}, {"fd.sip", "(missing)"}, {"fd.sockfamily", "unix"},
      {"fd.type", "unix"}, {"fd.typechar", "u"}}},
    {"accept4",
     {{"evt.type", "accept4"}, {"fd.cip", "10.1.2.3"}, {"fd.cnet", "10.1.2.3"}, {"fd.rip", "10.1.2.3"},
      {"fd.sport", "8080"}, {"fd.lport", "8080"}, {"fd.is_server", "false"},
      {"fd.name", "10.1.2.3:40000->10.9.9.9:8080"}}},
    {"bind4", {{"evt.type", "bind"}, {"fd.sport", "8080"}, {"fd.type", "ipv4"}, {"fd.is_server", "true"}}},
    {"socket",
     {{"evt.type", "socket"}, {"fd.sip", "(missing)"}, {"fd.l4proto", "<NA>"}, {"evt.arg[domain]", "AF_INET"},
      {"fd.num", "4"}}},
    {"procexit",
     {{"evt.type", "procexit"}, {"evt.res", "(missing)"}, {"evt.failed", "(missing)"}, {"evt.rawres", "(missing)"},
      {"fd.name", "(missing)"}}},
    {"tree",
     {{"evt.type", "getcwd"}, {"proc.name", "python3"}, {"proc.pname", "bash"}, {"proc.aname[9]", "(missing)"},
      {"proc.aname[3]", "init"}, {"proc.aname", "bash|sshd|init"}, {"proc.apid", "#21|20|1"},
      {"proc.env[NOPE]", ""}, {"proc.exe_ino", "(missing)"}}},
    {"execve",
     {{"evt.type", "execve"}, {"proc.name", "run.sh"}, {"proc.aname", "bash|sshd|init"}, {"proc.pname", "bash"},
      {"proc.args", "-c echo  hi  --opt=v"}, {"proc.args[1]", "echo  hi"}, {"proc.exe", "./run.sh"},
      {"proc.cmdline", "run.sh -c echo  hi  --opt=v"}, {"proc.cmdnargs", "4"}, {"proc.cmdlenargs", "17"},
      {"proc.env[LD_PRELOAD]", "/tmp/x.so"}, {"proc.env[EMPTY]", ""}, {"proc.env[NOPE]", ""},
      {"proc.env", "PATH=/bin:/usr/bin LD_PRELOAD=  /tmp/x.so   EMPTY="}, {"proc.is_exe_writable", "true"},
      {"user.uid", "1000"}, {"proc.ppid", "21"}, {"proc.tty", "34816"}}},
    {"write",
     {{"evt.type", "write"}, {"evt.buffer", "hello\n\x01\"w\\"}, {"evt.arg[data]", "hello..\"w\\"},
      {"evt.buflen", "10"}, {"evt.io_dir", "write"}, {"evt.is_io_write", "true"}, {"evt.is_io_read", "false"},
      {"fd.name", "/tmp/out"}, {"evt.rawarg[res]", "#10"}}},
    {"utf8", {{"evt.type", "openat"}, {"fd.name", "/tmp/a\xff\"b\tc\\d"}}},
    {"nothread", {{"evt.type", "chmod"}, {"proc.name", "<NA>"}, {"evt.arg[filename]", "/tmp/f"}}},
};

std::vector<std::string> csv_cells(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

ArgumentKind argument_kind(const std::string& text) {
  if (text == "none") return ArgumentKind::kNone;
  if (text == "optional (index)") return ArgumentKind::kOptionalIndex;
  if (text == "optional (key)") return ArgumentKind::kOptionalKey;
  if (text == "optional (index or key)") return ArgumentKind::kOptionalIndexOrKey;
  if (text == "required (key)") return ArgumentKind::kRequiredKey;
  if (text == "required (index or key)") return ArgumentKind::kRequiredIndexOrKey;
  if (text == "required (name after dot, or index in brackets)") return ArgumentKind::kRequiredNameOrIndex;
  if (text == "required (timestamp in brackets)") return ArgumentKind::kRequiredTime;
  if (text == "optional (.src or .dst suffix)") return ArgumentKind::kOptionalDotName;
  return ArgumentKind::kRequiredDotName;
}

Type type_of(const std::string& text) {
  const std::map<std::string, Type> types = {
      {"string", Type::kText},   {"bool", Type::kBool},       {"uint64", Type::kUint64},   {"reltime", Type::kRelTime},
      {"int64", Type::kInt64},   {"uint32", Type::kUint32},   {"abstime", Type::kAbsTime}, {"port", Type::kPort},
      {"ipaddr", Type::kIpAddress}, {"ipnet", Type::kIpNetwork}, {"double", Type::kDouble}, {"int32", Type::kInt32},
      {"int16", Type::kInt16},   {"dynamic", Type::kDynamic}, {"bytebuf", Type::kBytes}};
  return types.at(text);
}

std::uint8_t flags_of(const std::string& text, bool is_list) {
  unsigned flags = is_list ? fields::kList : fields::kNoFlags;
  if (text.find("no-transformer") != std::string::npos) flags |= fields::kNoTransformer;
  if (text.find("no-rhs") != std::string::npos) flags |= fields::kNoRhs;
  if (text.find("filter-only") != std::string::npos) flags |= fields::kFilterOnly;
  if (text.find("print-only") != std::string::npos) flags |= fields::kPrintOnly;
  return static_cast<std::uint8_t>(flags);
}

const std::filesystem::path& reference() {
  static const std::filesystem::path path = std::filesystem::path(SAKER_SHARED_DIR) / "reference";
  return path;
}

const fields::Catalogue& catalogue() {
  static std::vector<std::string> names;
  static const fields::Catalogue made([] {
    std::vector<fields::Field> rows;
    std::ifstream file(reference() / "fields.csv");
    std::string line;
    std::getline(file, line);
    std::vector<std::vector<std::string>> table;
    while (std::getline(file, line)) table.push_back(csv_cells(line));
    for (const auto& cells : table) names.push_back(cells.at(0));
    constexpr std::string_view kAnyAncestor[] = {"proc.aname",    "proc.aexe", "proc.aexepath",
                                                 "proc.acmdline", "proc.apid", "proc.aenv"};
    for (std::size_t i = 0; i < table.size(); ++i) {
      fields::Field row;
      row.name = names[i];
      row.type = type_of(table[i].at(2));
      row.argument = argument_kind(table[i].at(4));
      row.flags = flags_of(table[i].at(7), table[i].at(3) == "yes");
      row.any_when_bare = std::ranges::find(kAnyAncestor, row.name) != std::end(kAnyAncestor);
      rows.push_back(row);
    }
    return TestValues::with_readers(std::move(rows));
  }());
  return made;
}

// Values of a scenario, kept while they are used.
class Scenario {
 public:
  explicit Scenario(const std::string& name) {
    TestValues::clear();
    const auto found = kScenarios.find(name);
    if (found == kScenarios.end()) return;
    for (const auto& [field, text] : found->second) set(field, text);
    if (found->second.contains("evt.type")) event_.type = *event::find_type(found->second.at("evt.type"));
  }

  // Whether every field of the operand has a value here.
  bool knows(const Operand& operand) const {
    if (const auto* call = std::get_if<Operand::Call>(&operand.value)) {
      return std::ranges::all_of(call->arguments, [&](const Operand& argument) { return knows(argument); });
    }
    if (const auto* tuple = std::get_if<Operand::Tuple>(&operand.value)) {
      return std::ranges::all_of(tuple->items, [&](const Operand& item) { return knows(item); });
    }
    const auto* name = std::get_if<Operand::FieldName>(&operand.value);
    if (name == nullptr) return true;
    const auto argument = name->argument ? std::optional<std::string_view>(*name->argument) : std::nullopt;
    const auto resolved = catalogue().resolve(name->name, argument);
    return resolved.ref && known_.contains(text_of(*resolved.ref));
  }
  bool knows(const Node& node) const {
    const auto knows_term = [&](const NodePtr& term) { return knows(*term); };
    if (const auto* all = std::get_if<Node::And>(&node.value)) return std::ranges::all_of(all->terms, knows_term);
    if (const auto* either = std::get_if<Node::Or>(&node.value)) return std::ranges::all_of(either->terms, knows_term);
    if (const auto* negated = std::get_if<Node::Not>(&node.value)) return knows(*negated->term);
    const auto& check = std::get<Node::Check>(node.value);
    return knows(check.left) && std::ranges::all_of(check.right, [&](const Operand& right) { return knows(right); });
  }
  const event::Event& event() const { return event_; }

 private:
  static std::string text_of(const fields::FieldRef& ref) {
    if (ref.argument.kind == fields::Argument::Kind::kIndex) return fmt::format("{}[{}]", ref.field->name, ref.argument.index);
    if (ref.argument.kind == fields::Argument::Kind::kNone) return std::string(ref.field->name);
    return fmt::format("{}[{}]", ref.field->name, ref.argument.key);
  }

  void set(const std::string& written, const std::string& text) {
    const std::size_t bracket = written.find('[');
    const std::string name = written.substr(0, bracket);
    const std::string argument =
        bracket == std::string::npos ? "" : written.substr(bracket + 1, written.size() - bracket - 2);
    const auto rows = catalogue().rows();
    const auto row = std::ranges::find(rows, name, &fields::Field::name);
    ASSERT_NE(row, rows.end()) << name;
    known_.insert(written);
    TestValues::set(static_cast<std::size_t>(row - rows.begin()), value(*row, argument, text), argument);
  }

  Value value(const fields::Field& row, const std::string& argument, const std::string& text) {
    if (text == kMissing) return {};
    if ((row.flags & fields::kList) == 0 && !(row.any_when_bare && argument.empty())) return single(row.type, text);
    auto& list = lists_.emplace_back();
    std::size_t at = 0;
    for (std::size_t end = 0; end != std::string::npos; at = end + 1) {
      end = text.find('|', at);
      list.push_back(single(row.type, text.substr(at, end == std::string::npos ? end : end - at)));
    }
    return Value::list(list);
  }

  Value single(Type type, std::string text) {
    if (text.starts_with('#')) return Value::integer(std::stoll(text.substr(1)));
    switch (type) {
      case Type::kBool: return Value::boolean(text == "true");
      case Type::kIpAddress:
      case Type::kIpNetwork: return Value::ip(keep(address(text)));
      case Type::kText:
      case Type::kBytes:
      case Type::kDynamic: return Value::text(keep(std::move(text)));
      case Type::kInt16:
      case Type::kInt32:
      case Type::kInt64: return Value::integer(std::stoll(text));
      case Type::kUint32: return Value::unsigned_integer(static_cast<std::uint32_t>(std::stoll(text)));
      default: return Value::unsigned_integer(static_cast<std::uint64_t>(std::stoll(text)));
    }
  }
  static std::string address(const std::string& text) {
    char bytes[16] = {};
    if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) return {bytes, 4};
    EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), bytes), 1) << text;
    return {bytes, 16};
  }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  std::set<std::string> known_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> lists_;
  event::Event event_;
};

struct Case {
  std::string id, condition, scenario;
  bool compiles = true;
  std::optional<bool> result;
};

nlohmann::json read_json(const char* name) {
  std::ifstream file(reference() / name);
  return file ? nlohmann::json::parse(file) : nlohmann::json();
}

std::vector<Case> language_cases() {
  std::vector<Case> cases;
  const nlohmann::json json = read_json("conformance-language.json");
  if (json.is_null()) return {};
  for (const auto& row : json["cases"]) {
    const auto& expect = row["expect"];
    if (!expect.contains("compiles")) continue;
    Case made{row["id"], row["input"], row["setup"]["scenario"], expect["compiles"], std::nullopt};
    if (expect.contains("result")) made.result = expect["result"].get<bool>();
    cases.push_back(std::move(made));
  }
  return cases;
}

std::vector<Case> plain_cases() {
  std::vector<Case> cases;
  const nlohmann::json json = read_json("conformance-cases.json");
  if (json.is_null()) return {};
  for (const auto& row : json["cases"]) {
    if (row["area"] != "eval") continue;
    const auto& expect = row["expect"];
    Case made{row["id"], row["input"]["condition"], row["input"]["scenario"], !expect.contains("rejected_at_compile"),
              std::nullopt};
    if (expect.contains("match")) made.result = expect["match"].get<bool>();
    cases.push_back(std::move(made));
  }
  return cases;
}

struct Counts {
  std::size_t compiled = 0, judged = 0;
};

void run(const Case& row, Counts& counts) {
  SCOPED_TRACE(fmt::format("{} on {}: {}", row.id, row.scenario, row.condition));
  Parsed parsed = parse_condition(row.condition);
  CompileResult compiled;
  if (parsed.tree) compiled = compile_condition(*parsed.tree, catalogue());
  ++counts.compiled;
  ASSERT_EQ(compiled.condition != nullptr, row.compiles)
      << (compiled.problems.empty() ? "" : compiled.problems[0].message);
  if (!row.compiles || !row.result) return;
  const Scenario scenario(row.scenario);
  if (!scenario.knows(*parsed.tree) || scenario.event().type == 0) return;
  ++counts.judged;
  std::vector<EnabledRule> rules(1);
  rules[0].condition = compiled.condition;
  const RuleSet set(std::move(rules), Matching::kFirst);
  Evaluator evaluator(set);
  Arena arena;
  fields::Subject subject;
  subject.event = &scenario.event();
  EXPECT_EQ(!evaluator.evaluate(subject, arena).empty(), *row.result);
}

void run_all(const std::vector<Case>& cases) {
  if (cases.empty()) GTEST_SKIP() << "no shared reference";
  Counts counts;
  for (const Case& row : cases) {
    if (!kDifferences.contains(row.id)) run(row, counts);
  }
  fmt::print("{} of {} cases compiled, {} of them judged\n", counts.compiled, cases.size(), counts.judged);
}

TEST(ConformanceEval, Language) { run_all(language_cases()); }
TEST(ConformanceEval, Cases) { run_all(plain_cases()); }

}  // namespace
}  // namespace saker::rules
