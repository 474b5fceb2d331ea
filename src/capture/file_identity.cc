#include "capture/file_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "capture/proc_scan.h"

namespace saker::capture {
namespace {

constexpr std::string_view kHost;  // the root without a name
// Threads that a dead file system may hold; when all are held, no root is looked up any more.
constexpr std::size_t kThreadsMax = 8;

// Links of the root's own lead to places in it; those of /proc would lead out of it.
UniqueFd open_below(const UniqueFd& root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof(how))));
}

UniqueFd open_root(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// The root of the first of the processes that is still there.
UniqueFd root_of(const std::string& host_root, const std::vector<event::ProcessId>& processes) {
  const std::string proc = host_root + "/proc";
  for (const event::ProcessId& process : processes) {
    UniqueFd root = open_root(fmt::format("{}/{}/root", proc, process.tgid));
    // Its number may have been given to another since: then that would be another's root.
    if (root && is_running(proc, process)) return root;
  }
  return {};
}

struct Table {
  std::vector<std::pair<FileId, std::uint32_t>> files;  // with the index of the path
  std::uint64_t looked_up_ns = 0;
  std::uint64_t paid_until_ns = 0;  // each look-up costs an interval
  std::uint64_t asked_ns = 0;
  bool known = false;    // `files` is of this root, though maybe old
  bool running = false;  // being looked up
  bool slow = false;     // did not answer in time once
};

struct Job {
  std::string root;  // of Shared::tables
  std::vector<event::ProcessId> processes;
};

}  // namespace

struct FileIdentities::Shared {
  std::vector<std::string> paths;
  std::string host_root;
  Identify identify;

  std::mutex mutex;  // guards what follows
  std::condition_variable asked, answered;
  std::map<std::string, Table, std::less<>> tables;
  std::deque<Job> jobs;
  std::size_t threads = 0, idle = 0;
  bool stop = false;

  std::optional<std::vector<std::pair<FileId, std::uint32_t>>> look_up(const Job& job) const {
    const UniqueFd root = job.root == kHost ? open_root(host_root.empty() ? "/" : host_root)
                                            : root_of(host_root, job.processes);
    if (!root) return std::nullopt;
    std::vector<std::pair<FileId, std::uint32_t>> files;
    for (std::uint32_t i = 0; i < paths.size(); ++i) {
      const UniqueFd file = open_below(root, paths[i]);
      if (!file) continue;
      if (const auto id = identify(file.get())) files.emplace_back(*id, i);
    }
    return files;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stop) {
      if (jobs.empty()) {
        ++idle;
        asked.wait(lock);
        --idle;
        continue;
      }
      const Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      auto files = look_up(job);
      lock.lock();
      const auto table = tables.find(job.root);
      if (table == tables.end()) continue;
      table->second.running = false;
      if (files) {
        table->second.files = std::move(*files);
        table->second.known = true;
        table->second.slow = false;
      }
      answered.notify_all();
    }
  }
};

FileIdentities::FileIdentities(std::vector<std::string> paths, Identify identify, Options options)
    : paths_(std::move(paths)), options_(std::move(options)), shared_(std::make_shared<Shared>()) {
  shared_->paths = paths_;
  shared_->host_root = options_.host_root;
  shared_->identify = std::move(identify);
}

// Threads that wait for a file system stay behind; what they need is theirs.
FileIdentities::~FileIdentities() {
  const std::lock_guard lock(shared_->mutex);
  shared_->stop = true;
  shared_->asked.notify_all();
}

void FileIdentities::learn(std::string_view container, std::span<const event::ProcessId> processes,
                           std::uint64_t now_ns) {
  if (empty()) return;
  {
    const std::lock_guard lock(shared_->mutex);
    const auto table = shared_->tables.find(container);
    if (table != shared_->tables.end() && table->second.known) return;
  }
  find({}, container, processes, now_ns);
}

std::string_view FileIdentities::find_in_container(FileId file, std::string_view container,
                                                   std::span<const event::ProcessId> processes,
                                                   std::uint64_t now_ns) {
  return empty() ? std::string_view() : find(file, container, processes, now_ns);
}

std::string_view FileIdentities::find_on_host(FileId file, std::uint64_t now_ns) {
  return empty() ? std::string_view() : find(file, kHost, {}, now_ns);
}

std::string_view FileIdentities::find(FileId file, std::string_view root,
                                      std::span<const event::ProcessId> processes, std::uint64_t now_ns) {
  Shared& shared = *shared_;
  std::unique_lock lock(shared.mutex);
  ++stats_.asked;
  if (!shared.tables.contains(root) && shared.tables.size() >= options_.roots_max) {
    shared.tables.erase(
        std::ranges::min_element(shared.tables, {}, [](const auto& entry) { return entry.second.asked_ns; }));
  }
  // Only this thread adds and removes tables, so that the reference holds while the lock is given up.
  Table& table = shared.tables[std::string(root)];
  table.asked_ns = now_ns;
  const bool old = !table.known || table.looked_up_ns < now_ns;
  const bool affordable = table.paid_until_ns <= now_ns + (options_.burst - 1) * options_.interval_ns;
  if (old && affordable && !table.running) {
    table.running = true;
    table.looked_up_ns = now_ns;
    table.paid_until_ns = std::max(table.paid_until_ns, now_ns) + options_.interval_ns;
    shared.jobs.push_back({std::string(root), {processes.begin(), processes.end()}});
    if (shared.idle == 0 && shared.threads < kThreadsMax) {
      ++shared.threads;
      std::thread([kept = shared_] { kept->work(); }).detach();
    }
    shared.asked.notify_one();
    if (!table.slow)
      table.slow = !shared.answered.wait_for(lock, options_.wait, [&] { return !table.running; });
  }
  if (!table.known) ++stats_.unanswered;
  const auto found = std::ranges::find(table.files, file, &std::pair<FileId, std::uint32_t>::first);
  if (found == table.files.end()) return {};
  ++stats_.found;
  return paths_[found->second];
}

}  // namespace saker::capture
