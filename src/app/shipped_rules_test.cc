// The shipped rules on made-up events: what each is for, and its neighbours that must stay quiet.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fields/catalogue.h"
#include "rules/load.h"
#include "rules/rule_set.h"
#include "state/process_table.h"

namespace saker::app {
namespace {

const rules::RuleSet& shipped() {
  static const auto loaded = [] {
    const auto found = rules::read_rule_files(
        {SAKER_SOURCE_DIR "/rules/falco_rules.local.yaml", SAKER_SOURCE_DIR "/rules/rules.d"});
    auto result = rules::load_rules(found->files, fields::syscall_catalogue(), {});
    EXPECT_EQ(rules::text_report(result.reports).find("error"), std::string::npos)
        << rules::text_report(result.reports);
    return result.rules;
  }();
  return *loaded;
}

event::Text text(std::string_view bytes) { return {bytes, true, false}; }

// A process tree that grows downwards, and the event of its youngest member.
class World {
 public:
  World() { add("systemd"); }

  void add(const std::string& comm, std::vector<std::string> args = {}) {
    state::ScannedProcess process;
    process.id = id(++pid_);
    process.parent = pid_ > 1 ? id(pid_ - 1) : event::ProcessId{};
    process.comm = comm;
    if (args.empty()) args = {comm};
    for (const std::string& arg : args) process.args += arg + '\0';
    processes_.add_scanned(process);
  }

  void in_container(std::optional<std::string> image) {
    container_.id = std::string(12, 'a');
    container_.full_id = std::string(64, 'a');
    container_.info.image_repository = std::move(image);
    subject_.container = &container_;
    subject_.where = state::Where::kContainer;
  }

  // The name of the rule that it raises; "" for none.
  std::string exec() {
    event_.type = event::kExecve;
    event_.body = event::Exec{};
    return judge();
  }
  std::string exec_that_failed() {
    event_.type = event::kExecve;
    event::File file;
    file.result = -ENOENT;
    event_.body = file;
    return judge();
  }
  std::string open(std::string_view asked, std::string_view resolved, std::string_view inner = "",
                   std::uint32_t flags = 1 /* O_RDONLY */, std::int64_t result = 3) {
    event_.type = event::kOpenat;
    event::File file;
    file.result = result;
    file.name = text(asked);
    file.cwd = text("/etc");
    if (result >= 0) file.resolved = text(resolved);
    if (!inner.empty()) file.inner = text(inner);
    file.flags = flags;
    file.inode_mode = S_IFREG | 0600;
    event_.body = file;
    return judge();
  }

  std::uint32_t tty = 0;

 private:
  static event::ProcessId id(std::uint32_t pid) { return {pid, pid * 1'000'000'000ULL}; }

  std::string judge() {
    event_.number = 1;
    event_.time_ns = 100'000'000'000;
    event_.task.process = id(pid_);
    event_.task.parent = id(pid_ - 1);
    event_.task.tid = pid_;
    event_.task.tty = tty;
    event_.task.comm = processes_.find_pid(pid_)->comm();
    subject_.event = &event_;
    subject_.process = processes_.find_pid(pid_);
    subject_.processes = &processes_;
    subject_.users = &users_;
    if (subject_.where == state::Where::kUnknown) subject_.where = state::Where::kHost;
    rules::Evaluator evaluator(shipped());
    const auto matches = evaluator.evaluate(subject_, arena_);
    return matches.empty() ? "" : shipped().rules()[matches[0].rule].rule.name;
  }

  std::uint32_t pid_ = 0;
  state::ProcessTable processes_{{}};
  state::Users users_;
  state::Container container_;
  event::Event event_;
  fields::Subject subject_;
  Arena arena_;
};

constexpr std::uint32_t kTty = 34816;
constexpr const char* kSensitive = "Sensitive File Access in Container";
constexpr const char* kShell = "Break-Glass Shell on Node";
constexpr const char* kUnexpected = "Unexpected Process in Container";

struct Generation {
  const char* comm;
  std::vector<std::string> args = {};
};

struct ShellRow {
  const char* what;
  std::vector<Generation> family;
  std::uint32_t tty;
  const char* want;
};

const ShellRow kShells[] = {
    {"a login shell", {{"sshd"}, {"sshd"}, {"bash", {"-bash"}}}, kTty, kShell},
    {"since OpenSSH 9.8", {{"sshd"}, {"sshd-session"}, {"bash", {"-bash"}}}, kTty, kShell},
    {"with options", {{"sshd"}, {"sh", {"sh", "-i"}}}, kTty, kShell},
    {"root by sudo",
     {{"sshd"}, {"bash", {"-bash"}}, {"sudo", {"sudo", "-i"}}, {"bash", {"-bash"}}},
     kTty,
     kShell},
    {"without the login shell",
     {{"sshd"}, {"bash", {"bash", "-c", "sudo -s"}}, {"sudo", {"sudo", "-s"}}, {"bash", {"/bin/bash"}}},
     kTty,
     kShell},
    {"no terminal", {{"sshd"}, {"bash", {"bash"}}}, 0, ""},
    {"one command", {{"sshd"}, {"bash", {"bash", "-c", "uptime"}}}, kTty, ""},
    {"one command, login", {{"sshd"}, {"bash", {"bash", "-l", "-c", "uptime"}}}, kTty, ""},
    {"a script", {{"sshd"}, {"bash", {"-bash"}}, {"sh", {"sh", "backup.sh"}}}, kTty, ""},
    {"no shell", {{"sshd"}, {"bash", {"-bash"}}, {"vi", {"vi"}}}, kTty, ""},
    {"scp", {{"sshd"}, {"bash", {"bash", "-c", "scp -f x"}}, {"scp", {"scp", "-f", "x"}}}, kTty, ""},
    {"sftp", {{"sshd"}, {"sftp-server", {"sftp-server"}}}, kTty, ""},
    {"git", {{"sshd"}, {"git-shell", {"git-shell", "-c", "git-upload-pack x"}}, {"sh", {"sh"}}}, kTty, ""},
    {"not by ssh", {{"login"}, {"bash", {"-bash"}}}, kTty, ""},
};

TEST(ShippedRules, BreakGlassShell) {
  for (const ShellRow& row : kShells) {
    SCOPED_TRACE(row.what);
    World world;
    world.tty = row.tty;
    for (const Generation& generation : row.family) world.add(generation.comm, generation.args);
    EXPECT_EQ(world.exec(), row.want);
  }
}

TEST(ShippedRules, NeitherInAContainerNorWhenItFailed) {
  World world;
  world.tty = kTty;
  world.add("sshd");
  world.add("bash", {"-bash"});
  EXPECT_EQ(world.exec_that_failed(), "");
  EXPECT_EQ(world.exec(), kShell);
  world.in_container("shop/web");
  EXPECT_NE(world.exec(), kShell);
}

struct FileRow {
  const char* asked;
  const char* resolved;
  const char* inner;
  const char* want;
};

constexpr FileRow kFiles[] = {
    {"/etc/shadow", "/etc/shadow", "", kSensitive},
    {"shadow", "/etc/shadow", "", kSensitive},
    {"/tmp/innocent", "/etc/shadow", "", kSensitive},
    {"/tmp/mask", "/tmp/mask", "/etc/shadow", kSensitive},
    {"/etc/gshadow", "/etc/gshadow", "", kSensitive},
    {"/root/.ssh/id_rsa", "/root/.ssh/id_rsa", "", kSensitive},
    {"/root/.ssh/id_ecdsa", "/root/.ssh/id_ecdsa", "", kSensitive},
    {"/root/.ssh/id_ed25519", "/root/.ssh/id_ed25519", "", kSensitive},
    {"/root/.ssh/id_dsa", "/root/.ssh/id_dsa", "", kSensitive},
    {"/root/.ssh/authorized_keys", "/root/.ssh/authorized_keys", "", kSensitive},
    {"/root/.ssh/id_rsa.pub", "/root/.ssh/id_rsa.pub", "", ""},
    {"/etc/passwd", "/etc/passwd", "", ""},
    {"/home/ann/.ssh/id_rsa", "/home/ann/.ssh/id_rsa", "", ""},
};

TEST(ShippedRules, SensitiveFiles) {
  for (const FileRow& row : kFiles) {
    SCOPED_TRACE(row.asked);
    World world;
    world.add("cat");
    EXPECT_EQ(world.open(row.asked, row.resolved, row.inner), "") << "on the host";
    world.in_container("shop/web");
    EXPECT_EQ(world.open(row.asked, row.resolved, row.inner), row.want);
  }
}

TEST(ShippedRules, SensitiveFilesThatStayQuiet) {
  World world;
  world.add("cat");
  world.in_container("shop/web");
  EXPECT_EQ(world.open("/etc/shadow", "/etc/shadow", "", 2 /* O_WRONLY */), "");
  EXPECT_EQ(world.open("/etc/shadow", "/etc/shadow", "", 1, -EACCES), "");
  world.in_container("mirror/aquasec/trivy");
  EXPECT_EQ(world.open("/etc/shadow", "/etc/shadow"), "");
}

TEST(ShippedRules, UnexpectedProcess) {
  World world;
  world.add("runc");
  world.add("nmap");
  EXPECT_EQ(world.exec(), "") << "on the host";
  world.in_container("shop/web");
  EXPECT_EQ(world.exec(), kUnexpected);
  EXPECT_EQ(world.exec_that_failed(), "");
  world.in_container("bitnami/postgres");
  EXPECT_EQ(world.exec(), "");
  world.in_container(std::nullopt);
  EXPECT_EQ(world.exec(), kUnexpected) << "an image that is not known is on no list";
  world.add("grep");
  EXPECT_EQ(world.exec(), "");
}

}  // namespace
}  // namespace saker::app
