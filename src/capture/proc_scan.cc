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
  std::uint32_t parent = 0, group = 0, session = 0, tty = 0, threads = 0;
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
  const auto tty = number<std::int32_t>(column(7));  // printed as a signed number
  const auto start = number<std::uint64_t>(column(22));
  if (!parent || !group || !session || !tty || !threads || !start) return std::nullopt;
  stat.parent = *parent;
  stat.group = *group;
  stat.session = *session;
  stat.tty = static_cast<std::uint32_t>(*tty);
  stat.threads = *threads;
  stat.start_ticks = *start;
  return stat;
}

// Dead but for its status: its exit will not be told, so it would stay in the table for ever.
bool is_remains(const Stat& stat) { return (stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1; }

// --- /proc/PID/status

// Words of a line are parted by tabs; ids of namespaces go from the outermost to the process's own.
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

std::string_view last_word(std::string_view line) {
  const std::size_t end = line.find_last_not_of("\t ");
  if (end == std::string_view::npos) return {};
  line = line.substr(0, end + 1);
  return line.substr(line.find_last_of("\t ") + 1);  // npos + 1 is 0
}

void set(std::uint32_t& into, std::string_view digits) {
  into = number<std::uint32_t>(digits).value_or(into);
}
void set_mask(std::uint64_t& into, std::string_view digits) {
  into = number<std::uint64_t>(digits, 16).value_or(into);
}

void parse_status(std::string_view text, event::Task& task) {
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view key = cut(line, ':');
    if (key == "Uid") {
      set(task.uid, word(line, 0));
      set(task.euid, word(line, 1));
    } else if (key == "Gid") {
      set(task.gid, word(line, 0));
      set(task.egid, word(line, 1));
    } else if (key == "NStgid") {
      set(task.vpid, last_word(line));
      task.vtid = task.vpid;
    } else if (key == "NSpgid") {
      set(task.vgroup, last_word(line));
    } else if (key == "NSsid") {
      set(task.vsession, last_word(line));
    } else if (key == "CapInh") {
      set_mask(task.cap_inheritable, word(line, 0));
    } else if (key == "CapPrm") {
      set_mask(task.cap_permitted, word(line, 0));
    } else if (key == "CapEff") {
      set_mask(task.cap_effective, word(line, 0));
    }
  }
}

// --- the rest of a process's folder

void read_args(const std::string& path, state::Process& process) {
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
bool may_write(const struct statx& info, const event::Task& task) {
  constexpr std::uint64_t kDacOverride = 1U << 1;  // CAP_DAC_OVERRIDE
  if ((info.stx_mode & S_IWOTH) != 0 || (task.cap_effective & kDacOverride) != 0) return true;
  if ((info.stx_mode & S_IWUSR) != 0 && info.stx_uid == task.euid) return true;
  return (info.stx_mode & S_IWGRP) != 0 && info.stx_gid == task.egid;
}

void read_exe_file(const std::string& link, state::Process& process) {
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
  file.writable = may_write(*info, process.task);
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

struct Scanned {
  state::Process process;
  std::uint32_t parent = 0;
  bool added = false;
};

std::optional<Stat> read_stat(const std::string& folder) {
  const auto text = read_file(folder + "/stat", kFileBytesMax);
  return text ? parse_stat(*text) : std::nullopt;
}

std::optional<Scanned> read_process(const std::string& folder, std::uint32_t pid) {
  const auto stat = read_stat(folder);
  if (!stat || is_remains(*stat)) return std::nullopt;
  const auto status = read_file(folder + "/status", kFileBytesMax);
  if (!status) return std::nullopt;

  Scanned scanned;
  scanned.parent = stat->parent;
  state::Process& process = scanned.process;
  event::Task& task = process.task;
  process.id = {pid, stat->start_ticks * kTickNs};
  process.comm = stat->comm;
  task.process = process.id;
  task.tid = task.vtid = task.vpid = pid;
  task.group = task.vgroup = stat->group;
  task.session = task.vsession = stat->session;
  task.tty = stat->tty;
  task.main_thread = true;
  parse_status(*status, task);
  if (const auto text = read_file(folder + "/loginuid", kFileBytesMax)) {
    set(task.loginuid, std::string_view(*text).substr(0, text->find('\n')));
  }
  task.mnt_ns = namespace_of(folder + "/ns/mnt");
  task.pid_ns = namespace_of(folder + "/ns/pid");
  task.net_ns = namespace_of(folder + "/ns/net");
  task.user_ns = namespace_of(folder + "/ns/user");
  read_args(folder + "/cmdline", process);
  process.exepath = link_target(folder + "/exe");
  process.cwd = link_target(folder + "/cwd");
  read_exe_file(folder + "/exe", process);
  return scanned;
}

void tell_cgroups(const std::string& folder, const state::Process& process, const CgroupSink& on_cgroup) {
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

using Rows = absl::flat_hash_map<std::uint32_t, Scanned>;

void link_parents(Rows& rows) {
  for (auto& [pid, row] : rows) {
    const auto parent = rows.find(row.parent);
    // A parent that began later is another process that got the number.
    if (parent == rows.end() || parent->second.process.id.start_ns > row.process.id.start_ns) continue;
    row.process.parent = row.process.task.parent = parent->second.process.id;
    row.process.task.parent_vpid = parent->second.process.task.vpid;
  }
}

std::size_t add_rows(Rows& rows, state::ProcessTable& into) {
  std::size_t added = 0;
  std::vector<Scanned*> line;  // from a process up to its first ancestor that has not been added
  for (auto& [pid, row] : rows) {
    for (Scanned* at = &row; at != nullptr && !at->added;) {
      at->added = true;
      line.push_back(at);
      const auto parent = rows.find(at->process.parent.tgid);
      at = parent == rows.end() ? nullptr : &parent->second;
    }
    for (; !line.empty(); line.pop_back(), ++added) into.add_scanned(std::move(line.back()->process));
  }
  return added;
}

}  // namespace

Result<std::size_t> scan_processes(const std::string& proc_root, state::ProcessTable& into,
                                   const CgroupSink& on_cgroup) {
  std::error_code error;
  std::filesystem::directory_iterator entry(proc_root, error);
  if (error) return fail(ErrorCode::kIo, fmt::format("cannot list {}: {}", proc_root, error.message()));
  Rows rows;
  while (entry != std::filesystem::directory_iterator()) {
    const std::string folder = entry->path();
    const std::string_view name = std::string_view(folder).substr(folder.rfind('/') + 1);
    if (const auto pid = number<std::uint32_t>(name); pid && *pid != 0) {
      auto row = read_process(folder, *pid);
      if (row && is_same(folder, row->process.id)) {
        if (on_cgroup) tell_cgroups(folder, row->process, on_cgroup);
        rows.insert_or_assign(*pid, std::move(*row));
      }
    }
    entry.increment(error);
    if (error) break;  // what was read is better than nothing
  }
  link_parents(rows);
  return add_rows(rows, into);
}

void scan_environments(const std::string& proc_root, state::ProcessTable& into) {
  for (const event::ProcessId& id : into.living()) {
    const state::Process* process = into.find(id);
    if (process == nullptr || process->environment) continue;
    const std::string folder = fmt::format("{}/{}", proc_root, id.tgid);
    auto text = read_file(folder + "/environ", kFileBytesMax);
    if (!text || !is_same(folder, id)) continue;
    text->resize(std::min<std::size_t>(text->size(), SAKER_ENV_BYTES_MAX));
    into.set_environment(id, std::move(*text));
  }
}

bool is_running(const std::string& proc_root, const event::ProcessId& process) {
  return is_same(fmt::format("{}/{}", proc_root, process.tgid), process);
}

}  // namespace saker::capture
