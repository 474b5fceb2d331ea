// The reference engine's own outputs, where the reference data is at hand: templates and whole alerts for the
// scenarios that this version can bring about, with a named list of what we do differently and why.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <deque>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "alert/alert.h"
#include "event/parts_for_tests.h"
#include "rules/load.h"
#include "state/process_table.h"

namespace saker::alert {
namespace {

using Json = nlohmann::json;

// Case → why our result differs.
const std::map<std::string, std::string> kKnownDifferences = {
    {"format-003", "a template without * is for Falco's own use: rules always print"},
    {"format-039", "as format-003"},
    {"format-026", "a rule's output is checked for emptiness when it is read"},
    {"format-032", "evt.reltime counts from the first event, which here is the one that is asked"},
    {"format-486", "an exec tells its working directory, which the reference leaves empty"},
    {"format-054", "status 0 with ret -1 is nothing that wait() could say"},
    {"format-506", "a thread that is not known: its pid is in the record"},
    {"format-json-507", "as format-506"},
};

std::optional<Json> read_reference(const char* name) {
  std::ifstream in(std::string(SAKER_SHARED_DIR) + "/reference/" + name);
  if (!in) return std::nullopt;
  return Json::parse(in);
}

event::Text text(std::string_view bytes) { return {bytes, true, false}; }

// init (1) opens a file; or python3 (22), below bash (21), sshd (20) and init, does.
class Scenario {
 public:
  // Null when this version has no such event.
  static std::unique_ptr<Scenario> make(const std::string& name) {
    auto made = std::unique_ptr<Scenario>(new Scenario);
    if (name == "openat_w") {
      made->open("../etc//passwd", "/etc/passwd", 20487, 0755);
    } else if (name == "openat_r") {
      made->open("/etc/shadow", "/etc/shadow", 1, 0);
    } else if (name == "utf8") {
      made->open("/tmp/a\xff\"b\tc\\d", "/tmp/a\xff\"b\tc\\d", 1, 0);
    } else if (name == "tree") {
      made->add(20, 1, "sshd", std::string("sshd\0", 5));
      made->add(21, 20, "bash", std::string("bash\0", 5));
      made->add(22, 21, "python3", std::string("python3\0", 8));
      made->open("x", "/x", 1, 0);
      made->act(22);
    } else if (name == "execve") {
      made->exec();
    } else if (name == "procexit") {
      made->event_.type = event::kProcexit;
      made->event_.body = event::Exit{.status = 0xff00, .reaper = {}};
      made->act(1);
    } else if (!made->network_call(name) && !made->other_call(name)) {
      return nullptr;
    }
    return made;
  }

  const fields::Subject& subject() const { return subject_; }

 private:
  Scenario() {
    users_.users[0] = {"root", "/root", "/bin/sh"};
    add(1, 0, "init", std::string("/sbin/init\0context\0ls\0--format\0{{json .}}\0", 42));
    processes_.set_environment(id(1),
                               std::string("TEST_ENV_PARENT_LINEAGE=secret\0HOME=/home/user/parent\0", 55));
  }

  static event::ProcessId id(std::uint32_t pid) { return {pid, pid}; }

  void add(std::uint32_t pid, std::uint32_t parent, std::string comm, std::string args) {
    state::ScannedProcess process;
    process.id = id(pid);
    process.parent = parent == 0 ? event::ProcessId{} : id(parent);
    process.comm = std::move(comm);
    process.exepath = "/sbin/init";
    process.args = std::move(args);
    process.exe_file_known = true;
    process.exe_file.writable = true;
    process.cwd = "/root";
    processes_.add_scanned(process);
  }

  void open(std::string_view asked, std::string_view resolved, std::uint32_t flags, std::uint32_t mode) {
    event::File file;
    file.result = 5;
    file.name = text(asked);
    file.cwd = text("/root");
    file.resolved = text(resolved);
    file.flags = flags;
    file.mode = mode;
    file.dev = 0x803;
    file.ino = 4242;
    file.inode_mode = S_IFREG | 0644;
    event_.type = event::kOpenat;
    event_.number = 1;
    event_.wall_ns = 1'566'230'400'010'000'000;
    event_.body = file;
    act(1);
    const saker_listed_file open_file{
        .fd = 0, .inode_mode = S_IFREG, .magic = 0, .family = 0, .type = 0, .name = "null"};
    parts_.add_struct(SAKER_PART_FILES, 0, open_file);
    event_.details = parts_.bytes();
  }

  void act(std::uint32_t pid) {
    event_.task.process = id(pid);
    event_.task.tid = pid;
    event_.task.comm = processes_.find_pid(pid)->comm();
    subject_.event = &event_;
    subject_.process = processes_.find_pid(pid);
    subject_.processes = &processes_;
    subject_.users = &users_;
    subject_.where = state::Where::kHost;
    subject_.hostname = "HOST";
  }

  void exec() {
    add(20, 1, "sshd", std::string("sshd\0", 5));
    add(21, 20, "bash", std::string("bash\0", 5));
    add(22, 21, "run.sh", std::string("./run.sh\0-c\0echo  hi\0\0--opt=v\0", 30));
    event_.type = event::kExecve;
    static constexpr std::string_view kEnvironment("PATH=/bin:/usr/bin\0LD_PRELOAD=  /tmp/x.so  \0EMPTY=\0",
                                                   51);
    processes_.set_environment(id(22), std::string(kEnvironment));
    event::Exec& exec = event_.body.emplace<event::Exec>();
    exec.env = text(kEnvironment);
    exec.args = text({"./run.sh\0-c\0echo  hi\0\0--opt=v\0", 30});
    exec.filename = exec.exe = text("/home/u/run.sh");
    exec.cwd = text("/home/u");
    exec.file = {.ino = 777,
                 .ctime_ns = 1'000'000'000,
                 .mtime_ns = 2'000'000'000,
                 .writable = true,
                 .upper_layer = true};
    act(22);
    event::Task& task = event_.task;
    task.parent = id(21);
    task.tty = 34816;
    task.group = task.vgroup = 22;
    task.loginuid = task.euid = 1000;
    task.cap_permitted = 0x3f;
    task.cap_effective = 1;
    users_.users[1000] = {"cloudsdk", "/home/cloudsdk", "/bin/sh"};
    saker_usage usage{};
    usage.files_max = 1024;
    usage.vm_kb = 10;
    usage.rss_kb = 20;
    parts_.add_struct(SAKER_PART_USAGE, 0, usage);
    parts_.add(SAKER_PART_TASK_CGROUP, 0, "/").add(SAKER_PART_TASK_CGROUP, 1, "/user.slice");
    event_.details = parts_.bytes();
    subject_.cgroup_subsystems = subsystems_;
  }

  event::Call& call(std::string_view name, std::int64_t result) {
    event_.type = event::find_type(name).value();
    event_.number = 1;
    event_.wall_ns = 1'566'230'400'010'000'000;
    event::Call& made = event_.body.emplace<event::Call>();
    made.result = result;
    made.cwd = text("/root");
    act(1);
    return made;
  }

  static event::Descriptor& descriptor(event::Call& call, std::uint8_t place, std::int32_t fd) {
    event::Descriptor& made = call.descriptors[call.descriptor_count];
    call.descriptor_of[call.descriptor_count++] = place;
    if (place < call.arguments.size()) call.arguments[place] = static_cast<std::uint64_t>(fd);
    made.fd = fd;
    made.kind = SAKER_DESCRIPTOR_FILE;
    return made;
  }

  void connection(std::uint8_t place, std::int32_t fd, const char* local, std::uint16_t local_port,
                  const char* remote, std::uint16_t remote_port, state::Role role) {
    event::Descriptor& made = descriptor(std::get<event::Call>(event_.body), place, fd);
    made.kind = SAKER_DESCRIPTOR_SOCKET;
    made.family = std::string_view(local).find(':') == std::string_view::npos ? AF_INET : AF_INET6;
    made.type = SOCK_STREAM;
    made.protocol = IPPROTO_TCP;
    made.local = address(made.family, local);
    made.local_port = local_port;
    made.remote = address(made.family, remote);
    made.remote_port = remote_port;
    socket_ = {.role = role};
    subject_.socket = &socket_;
  }

  std::string_view address(int family, const char* shown) {
    std::string& bytes = bytes_.emplace_back(family == AF_INET ? 4 : 16, '\0');
    inet_pton(family, shown, bytes.data());
    return bytes;
  }

  bool network_call(std::string_view name) {
    if (name == "connect4") {
      call("connect", 0);
      connection(0, 4, "172.40.111.222", 54321, "142.251.111.147", 443, state::Role::kClient);
    } else if (name == "connect6") {
      call("connect", 0);
      connection(0, 4, "::1", 54321, "2001:4860:4860::8888", 443, state::Role::kClient);
    } else if (name == "accept4") {
      call("accept4", 9);
      connection(SAKER_RESULT, 9, "10.9.9.9", 8080, "10.1.2.3", 40000, state::Role::kServer);
    } else if (name == "connect_unix") {
      event::Descriptor& made = descriptor(call("connect", 0), 0, 4);
      made.kind = SAKER_DESCRIPTOR_SOCKET;
      made.family = AF_UNIX;
      made.own_address = 0x9c758d0f;
      made.peer_address = 0x9c758d0a;
      made.name = text("/tmp/socket.sock");
    } else {
      return false;
    }
    return true;
  }

  bool other_call(std::string_view name) {
    if (name == "write") {
      event::Call& made = call("write", 10);
      descriptor(made, 0, 5).name = text("/tmp/out");
      made.texts[1] = text("hello\n\x01\"w\\");
      made.arguments[2] = 10;
    } else if (name == "chmod") {
      event::Call& made = call("chmod", 0);
      made.texts[0] = text("/tmp/f");
      made.arguments[1] = 04100;
    } else if (name == "kill") {
      event::Call& made = call("kill", 0);
      made.arguments = {1, 9};
    } else if (name == "renameat2") {
      event::Call& made = call("renameat2", 0);
      made.arguments[0] = made.arguments[2] = static_cast<std::uint64_t>(-100);
      made.texts[1] = text("src.txt");
      made.texts[3] = text("/tmp/dst.txt");
    } else if (name == "bpf") {
      event::Call& made = call("bpf", 6);
      made.arguments[0] = 5;
      descriptor(made, SAKER_RESULT, 6).name = text("/bpf-prog");
    } else if (name == "memfd") {
      event::Call& made = call("memfd_create", 6);
      made.texts[0] = text("payload");
      made.arguments[1] = 1;
      descriptor(made, SAKER_RESULT, 6).name = text("/memfd:payload");
    } else if (name == "nothread") {
      call("chmod", 0).texts[0] = text("/tmp/f");
      subject_.process = nullptr;
    } else {
      return false;
    }
    return true;
  }

  std::deque<std::string> bytes_;
  state::Socket socket_;
  event::Parts parts_;
  std::vector<std::string> subsystems_ = {"cpuset", "memory"};
  event::Event event_;
  state::ProcessTable processes_{{}};
  state::Users users_;
  fields::Subject subject_;
};

// What is expected and what we do, as one line each; nothing when the case is not for us.
struct Outcome {
  std::string theirs, ours;
};

std::optional<Outcome> run_template(const std::string& scenario_name, std::string text, const Json& expected,
                                    bool fields_only) {
  const auto scenario = Scenario::make(scenario_name);
  if (!scenario) return std::nullopt;
  if (text.starts_with('*')) text.erase(0, 1);  // rules' outputs have it without saying so
  auto parsed = rules::OutputTemplate::parse(text, fields::syscall_catalogue());
  if (!parsed.problems.empty()) return Outcome{expected.dump(), "rejected"};
  Arena arena;
  if (!fields_only) {
    std::string line;
    parsed.output.render(scenario->subject(), arena, line);
    // As the reference shows it: bytes that are no UTF-8 repaired.
    return Outcome{expected.dump(), Json(line).dump(-1, ' ', false, Json::error_handler_t::replace)};
  }
  rules::EnabledRule rule;
  rule.output = std::move(parsed.output);
  Json fields =
      Json::parse(format_alert({.json = true}, rule, scenario->subject(), arena)).at("output_fields");
  if (!expected.contains("evt.time")) fields.erase("evt.time");
  return Outcome{expected.dump(), fields.dump()};
}

std::optional<Outcome> run_language_format(const Json& test) {
  const Json& expect = test.at("expect");
  const bool fields_only = test.at("setup").at("mode") == "json fields";
  const Json expected = expect.contains("error") ? Json() : expect.at(fields_only ? "json" : "text");
  auto outcome = run_template(test.at("setup").at("scenario"), test.at("input"), expected, fields_only);
  if (outcome && expect.contains("error")) outcome->theirs = "rejected";
  return outcome;
}

std::optional<Outcome> run_cases_format(const Json& test) {
  const Json& input = test.at("input");
  const Json& expect = test.at("expect");
  const bool fields_only = input.at("json").get<bool>();
  if (!expect.value("emitted", true)) return std::nullopt;  // as format-003
  Json expected;
  if (expect.contains("text")) {
    expected = fields_only ? Json::parse(expect.at("text").get<std::string>()) : expect.at("text");
  }
  auto outcome = run_template(input.at("scenario"), input.at("template"), expected, fields_only);
  if (outcome && expect.contains("rejected")) outcome->theirs = "rejected";
  return outcome;
}

rules::LoadOptions options_of(const Json& setup) {
  rules::LoadOptions options;
  for (const Json& entry : setup.value("append_output", Json::array())) {
    rules::AppendOutput append;
    append.extra_output = entry.value("extra_output", "");
    append.match_rule = entry.value("rule", "");
    append.match_source = entry.value("source", "");
    append.match_tags = entry.value("tags", std::vector<std::string>());
    const Json templates = entry.value("fields", Json::object());
    for (const auto& [name, format] : templates.items()) {
      append.extra_fields.push_back({name, format});
    }
    for (const Json& name : entry.value("raw", Json::array())) append.extra_fields.push_back({name, ""});
    options.append_output.push_back(std::move(append));
  }
  return options;
}

std::optional<Outcome> run_alert(const Json& test) {
  const Json& setup = test.at("setup");
  const auto scenario = Scenario::make(setup.at("scenario"));
  if (!scenario) return std::nullopt;
  const auto loaded =
      rules::load_rules({{"rules.yaml", test.at("input")}}, fields::syscall_catalogue(), options_of(setup));
  if (!loaded.rules) return Outcome{"loads", rules::text_report(loaded.reports)};
  Format format;
  format.json = setup.value("json_output", false);
  format.time_iso_8601 = setup.value("iso", false);
  format.json_include_output_fields = setup.value("inc_fields", true);
  rules::Evaluator evaluator(*loaded.rules);
  Arena arena;
  Json alerts = Json::array();
  for (const auto& match : evaluator.evaluate(scenario->subject(), arena)) {
    const std::string line =
        format_alert(format, loaded.rules->rules()[match.rule], scenario->subject(), arena);
    alerts.push_back(format.json ? Json::parse(line) : Json(line));
  }
  return Outcome{test.at("expect").at("matches").dump(), alerts.dump()};
}

template <class Run>
void run_areas(const char* file, const std::set<std::string>& areas, Run run) {
  setenv("TZ", "UTC", 1);
  tzset();
  const auto reference = read_reference(file);
  if (!reference) GTEST_SKIP() << "no reference data here";
  int total = 0, left_out = 0, known = 0;
  for (const Json& test : reference->at("cases")) {
    if (!areas.contains(test.at("area"))) continue;
    const std::string id = test.at("id");
    const std::optional<Outcome> outcome = run(test);
    if (!outcome) {
      ++left_out;
      continue;
    }
    ++total;
    if (kKnownDifferences.contains(id)) {
      ++known;
      EXPECT_NE(outcome->theirs, outcome->ours) << id << " is no difference any more";
    } else {
      EXPECT_EQ(outcome->theirs, outcome->ours) << id;
    }
  }
  EXPECT_GT(total, 0);
  std::cout << fmt::format("{}: {} cases run, {} known differences, {} left out (no such event here)\n", file,
                           total, known, left_out);
}

TEST(AlertConformance, Templates) { run_areas("conformance-language.json", {"format"}, run_language_format); }
TEST(AlertConformance, MoreTemplates) {
  run_areas("conformance-cases.json", {"format", "format-json"}, run_cases_format);
}
TEST(AlertConformance, Alerts) { run_areas("conformance-language.json", {"alert"}, run_alert); }

}  // namespace
}  // namespace saker::alert
