#include "capture/proc_scan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/file.h"

namespace saker::capture {
namespace {

// The files of /proc read here are small but for the command line, which the process itself can write.
constexpr std::size_t kFileBytesMax = std::size_t{1024} * 1024;
constexpr std::size_t kArgsBytesMax = 4096;                            // kept, as of a record
constexpr std::size_t kArgsCountedMax = std::size_t{4} * 1024 * 1024;  // read to learn the whole length
constexpr std::uint64_t kTickNs = 10'000'000;  // USER_HZ is 100 on every architecture of ours
constexpr std::size_t kCommBytesMax = 15;      // kernel threads show more than their comm there
constexpr std::string_view kDeleted = " (deleted)";

template <class Number>
std::optional<Number> number(std::string_view digits, int base = 10) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// Takes the text up to `separator` off `rest`.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return head;
}

// --- /proc/PID/stat

struct Stat {
  std::string comm;
  char state = '?';
  std::uint32_t parent = 0, group = 0, session = 0, threads = 0;
  std::uint64_t start_ticks = 0;
};

// The name may hold blanks, parentheses and newlines; numbers follow its last parenthesis.
std::optional<Stat> parse_stat(std::string_view text) {
  const std::size_t open = text.find('('), close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  Stat stat;
  stat.comm = text.substr(open + 1, std::min(close - open - 1, kCommBytesMax));
  std::string_view rest = text.substr(close + 1);
  if (rest.size() < 2) return std::nullopt;
  rest.remove_prefix(1);
  std::array<std::string_view, 20> columns;  // from the third of proc(5) on
  for (std::string_view& column : columns) column = cut(rest, ' ');
  const auto column = [&columns](std::size_t index) { return columns[index - 3]; };
  stat.state = column(3).empty() ? '?' : column(3)[0];
  const auto parent = number<std::uint32_t>(column(4)), group = number<std::uint32_t>(column(5)),
             session = number<std::uint32_t>(column(6)), threads = number<std::uint32_t>(column(20));
  const auto start = number<std::uint64_t>(column(22));
  if (!parent || !group || !session || !threads || !start) return std::nullopt;
  stat.parent = *parent;
  stat.group = *group;
  stat.session = *session;
  stat.threads = *threads;
  stat.start_ticks = *start;
  return stat;
}

// Dead but for its status: its exit will not be told, so it would stay in the table for ever.
bool is_remains(const Stat& stat) { return (stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1; }

// --- /proc/PID/status

// Who it runs as, in the words of the kernel's checks of access.
struct Identity {
  std::uint32_t euid = 0, egid = 0;
  std::uint64_t capabilities = 0;
};

// Words of a line are parted by tabs.
std::string_view word(std::string_view line, std::size_t index) {
  std::string_view found;
  for (std::size_t i = 0; i <= index; ++i) {
    line.remove_prefix(std::min(line.size(), line.find_first_not_of("\t ")));
    if (line.empty()) return {};
    found = line.substr(0, line.find_first_of("\t "));
    line.remove_prefix(found.size());
  }
  return found;
}

Identity parse_status(std::string_view text) {
  Identity identity;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view key = cut(line, ':');
    if (key == "Uid") {
      identity.euid = number<std::uint32_t>(word(line, 1)).value_or(0);
    } else if (key == "Gid") {
      identity.egid = number<std::uint32_t>(word(line, 1)).value_or(0);
    } else if (key == "CapEff") {
      identity.capabilities = number<std::uint64_t>(word(line, 0), 16).value_or(0);
    }
  }
  return identity;
}

// --- the rest of a process's folder

void read_args(const std::string& path, state::ScannedProcess& process) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return;
  std::array<char, 4096> buffer;
  std::size_t whole = 0;
  while (whole < kArgsCountedMax) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const auto bytes = static_cast<std::size_t>(got);
    if (process.args.size() < kArgsBytesMax) {
      process.args.append(buffer.data(), std::min(bytes, kArgsBytesMax - process.args.size()));
    }
    whole += bytes;
  }
  process.args_truncated = whole > process.args.size();
  // A process that has written its own title need not end it as arguments end.
  if (!process.args_truncated && whole > 0 && process.args.back() != '\0') {
    process.args += '\0';
    ++whole;
  }
  process.args_bytes = static_cast<std::uint32_t>(whole);
}

std::optional<struct statx> stat_of(const std::string& path) {
  struct statx info{};
  // No question to a file server that may not answer.
  const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  if (::statx(AT_FDCWD, path.c_str(), flags, STATX_BASIC_STATS, &info) != 0) return std::nullopt;
  return info;
}

// Where a link of /proc leads; the kernel's mark of a file without a name is taken off.
std::string link_target(const std::string& link) {
  auto target = read_link(link);
  if (!target) return {};
  if (target->ends_with(kDeleted)) {
    if (const auto info = stat_of(link); info && info->stx_nlink == 0)
      target->resize(target->size() - kDeleted.size());
  }
  return std::move(*target);
}

std::uint64_t nanoseconds(const statx_timestamp& time) {
  return time.tv_sec < 0 ? 0 : static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + time.tv_nsec;
}

// As the probe asks it of a file that is executed.
bool may_write(const struct statx& info, const Identity& who) {
  constexpr std::uint64_t kDacOverride = 1U << 1;  // CAP_DAC_OVERRIDE
  if ((info.stx_mode & S_IWOTH) != 0 || (who.capabilities & kDacOverride) != 0) return true;
  if ((info.stx_mode & S_IWUSR) != 0 && info.stx_uid == who.euid) return true;
  return (info.stx_mode & S_IWGRP) != 0 && info.stx_gid == who.egid;
}

void read_exe_file(const std::string& link, const Identity& who, state::ScannedProcess& process) {
  const auto info = stat_of(link);
  struct statfs system{};
  if (!info || ::statfs(link.c_str(), &system) != 0) return;
  // Which layer of an overlay holds the file is not to be learned from here.
  if (system.f_type == OVERLAYFS_SUPER_MAGIC) return;
  event::ExeFile& file = process.exe_file;
  file.ino = info->stx_ino;
  file.dev = static_cast<std::uint32_t>(makedev(info->stx_dev_major, info->stx_dev_minor));
  file.ctime_ns = nanoseconds(info->stx_ctime);
  file.mtime_ns = nanoseconds(info->stx_mtime);
  file.writable = may_write(*info, who);
  file.from_memfd = info->stx_nlink == 0 && process.exepath.starts_with("/memfd:");
  if (file.from_memfd) process.exepath.erase(0, 1);  // a name, and no place
  process.exe_file_known = true;
}

// The number in "mnt:[4026531841]".
std::uint32_t namespace_of(const std::string& link) {
  const auto target = read_link(link);
  if (!target) return 0;
  const std::size_t open = target->find('['), close = target->find(']');
  if (open == std::string::npos || close == std::string::npos || close < open) return 0;
  return number<std::uint32_t>(std::string_view(*target).substr(open + 1, close - open - 1)).value_or(0);
}

std::optional<Stat> read_stat(const std::string& folder) {
  const auto text = read_file(folder + "/stat", kFileBytesMax);
  return text ? parse_stat(*text) : std::nullopt;
}

std::optional<state::ScannedProcess> read_process(const std::string& folder, const Stat& stat,
                                                  event::ProcessId id) {
  const auto status = read_file(folder + "/status", kFileBytesMax);
  if (!status) return std::nullopt;
  state::ScannedProcess process;
  process.id = id;
  process.comm = stat.comm;
  process.group = stat.group;
  process.session = stat.session;
  process.pid_ns = namespace_of(folder + "/ns/pid");
  read_args(folder + "/cmdline", process);
  process.exepath = link_target(folder + "/exe");
  process.cwd = link_target(folder + "/cwd");
  read_exe_file(folder + "/exe", parse_status(*status), process);
  return process;
}

void tell_cgroups(const std::string& folder, const state::ScannedProcess& process,
                  const CgroupSink& on_cgroup) {
  const auto text = read_file(folder + "/cgroup", kFileBytesMax);
  if (!text) return;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = cut(rest, '\n');
    ProcCgroup cgroup;
    const auto hierarchy = number<std::uint32_t>(cut(line, ':'));
    if (!hierarchy) continue;
    cgroup.hierarchy = *hierarchy;
    cgroup.controllers = cut(line, ':');
    cgroup.path = line;
    on_cgroup(process, cgroup);
  }
}

// The folder's process is still the one that was read: its number has not been given to another meanwhile.
bool is_same(const std::string& folder, const event::ProcessId& process) {
  const auto stat = read_stat(folder);
  return stat && stat->start_ticks == process.start_ns / kTickNs;
}

// Who was there when the scan began: pid and start.
using Starts = absl::flat_hash_map<std::uint32_t, std::uint64_t>;

Result<Starts> list_processes(const std::string& proc_root) {
  std::error_code error;
  std::filesystem::directory_iterator entry(proc_root, error);
  if (error) return fail(ErrorCode::kIo, fmt::format("cannot list {}: {}", proc_root, error.message()));
  Starts starts;
  while (entry != std::filesystem::directory_iterator()) {
    const std::string folder = entry->path();
    const std::string_view name = std::string_view(folder).substr(folder.rfind('/') + 1);
    if (const auto pid = number<std::uint32_t>(name); pid && *pid != 0) {
      const auto stat = read_stat(folder);
      if (stat && !is_remains(*stat)) starts.insert_or_assign(*pid, stat->start_ticks * kTickNs);
    }
    entry.increment(error);
    if (error) break;  // what was read is better than nothing
  }
  return starts;
}

// A parent that began later is another process that got the number.
event::ProcessId parent_of(const Starts& starts, const Stat& stat) {
  const auto parent = starts.find(stat.parent);
  if (parent == starts.end() || parent->second > stat.start_ticks * kTickNs) return {};
  return {parent->first, parent->second};
}

}  // namespace

// Twice over /proc: there may be so many that only their numbers can be held beside the table.
Result<std::size_t> scan_processes(const std::string& proc_root, state::ProcessTable& into,
                                   const CgroupSink& on_cgroup) {
  TRY_ASSIGN(const Starts starts, list_processes(proc_root));
  std::vector<event::ProcessId> by_age;  // parents are older than their children
  by_age.reserve(starts.size());
  for (const auto& [pid, start_ns] : starts) by_age.push_back({pid, start_ns});
  std::ranges::sort(by_age, {}, &event::ProcessId::start_ns);
  std::size_t added = 0;
  for (const event::ProcessId& id : by_age) {
    const std::string folder = fmt::format("{}/{}", proc_root, id.tgid);
    const auto stat = read_stat(folder);
    if (!stat || stat->start_ticks * kTickNs != id.start_ns) continue;
    auto process = read_process(folder, *stat, id);
    if (!process || !is_same(folder, id)) continue;
    process->parent = parent_of(starts, *stat);
    if (on_cgroup) tell_cgroups(folder, *process, on_cgroup);
    into.add_scanned(*process);
    ++added;
  }
  return added;
}

void read_environments(const std::string& proc_root, std::size_t count, std::vector<event::ProcessId>& of,
                       state::ProcessTable& into) {
  for (; count > 0 && !of.empty(); --count, of.pop_back()) {
    const event::ProcessId id = of.back();
    const state::Process* process = into.find(id);
    if (process == nullptr || process->environment()) continue;
    const std::string folder = fmt::format("{}/{}", proc_root, id.tgid);
    auto text = read_file(folder + "/environ", kFileBytesMax);
    if (!text || !is_same(folder, id)) continue;
    into.set_environment(id, std::string_view(*text).substr(0, SAKER_ENV_BYTES_MAX));
  }
}

bool is_running(const std::string& proc_root, const event::ProcessId& process) {
  return is_same(fmt::format("{}/{}", proc_root, process.tgid), process);
}

}  // namespace saker::capture
