#include "capture/metadata_resolver.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "capture/account_files.h"
#include "capture/container_bundle.h"
#include "capture/job_queue.h"
#include "capture/overlay_layers.h"
#include "capture/runtime_api.h"

namespace saker::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using state::ContainerInfo;

constexpr std::size_t kJobsMax = 8192;
constexpr std::size_t kAnswersMax = 65'536;
// 1 ms, 2 ms, 4 ms ...: half a minute in all.
constexpr int kDiskTriesMax = 15;
// A runtime may get to know a pod's sandbox only when it has started it.
constexpr int kApiTriesMax = 4;
constexpr seconds kApiRetry{1};
// A runtime that did not answer in time is left alone for so long.
constexpr seconds kApiPause{5};
constexpr std::size_t kAccountsMax = 4096;

struct Job {
  std::string full_id;
  std::string engine;
  int tries = 0;
  bool found = false;
  ContainerInfo info;
};

struct AccountJob {
  std::string full_id;
  std::uint32_t pid = 0;
  std::optional<std::string> rootfs;  // told by the bundle
  bool must_answer = false;
  bool forget = false;
};

// Engines whose containers no file and no API describes.
bool is_described(std::string_view engine) {
  return engine != "lxc" && engine != "libvirt_lxc" && engine != "bpm";
}

bool is_socket(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// What only an API can tell, by the engine.
bool is_enough(const ContainerInfo& info) {
  if (!info.engine) return false;
  if (info.engine->empty()) return true;  // a bare runtime has no API
  if (*info.engine == "containerd" && !info.image_digest) return false;
  return info.labels.has_value();
}

}  // namespace

struct MetadataResolver::Impl {
  std::string host_root;
  ContainerEngines engines;
  std::vector<std::string> roots;  // places where the host's files may be seen

  JobQueue<Job> disk{kJobsMax}, apis{kJobsMax};
  JobQueue<AccountJob> accounts{kJobsMax};

  std::mutex answers_mutex;
  std::vector<MetadataAnswer> answers, taken;
  std::atomic<bool> any{false};
  UniqueFd ready;

  std::atomic<std::uint64_t> found_on_disk{0}, found_by_api{0}, not_found{0}, api_failed{0}, refused{0};

  // The API thread's own.
  struct Runtime {
    std::string socket;
    std::unique_ptr<RuntimeApi> api;
    Clock::time_point paused_until;
    bool was_bad = false;
  };
  std::vector<Runtime> runtimes;

  // The accounts thread's own.
  struct Known {
    AccountStamps stamps;
    std::optional<std::string> rootfs;  // "": it has none that is known; nothing: that is still looked for
  };
  absl::flat_hash_map<std::string, Known> known_accounts;

  std::vector<std::thread> threads;

  Impl(std::string root, ContainerEngines given) : host_root(std::move(root)), engines(std::move(given)) {
    roots.push_back(host_root);
    // Falco's chart mounts the host's /proc and no more: through it the whole of the host is seen.
    if (!host_root.empty()) roots.push_back(host_root + "/proc/1/root");
    ready.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }

  void answer(MetadataAnswer given) {
    {
      const std::scoped_lock lock(answers_mutex);
      if (answers.size() >= kAnswersMax) return;  // nobody takes them: the agent is ending
      answers.push_back(std::move(given));
      any.store(true, std::memory_order_release);
    }
    const std::uint64_t one = 1;
    (void)!::write(ready.get(), &one, sizeof(one));
  }

  void answer_info(const Job& job, bool complete) {
    answer({.full_id = job.full_id, .info = job.info, .info_complete = complete, .users = {}});
  }

  void look_on_disk(Job job);
  void ask_runtimes(Job job);
  bool ask_runtime(Runtime& runtime, Job& job);
  void add_sockets(const EngineSockets& engine,
                   const std::function<std::unique_ptr<RuntimeApi>(std::string)>& make);
  void find_sockets();
  void read_accounts_of(const AccountJob& job);
  std::vector<UniqueFd> layers_of(const AccountJob& job, const Known& known, bool& of_process) const;
};

// --- files

void MetadataResolver::Impl::look_on_disk(Job job) {
  if (!job.found) {
    for (const std::string& root : roots) {
      if (!read_bundle(root, job.full_id, engines.label_bytes_max, job.info)) continue;
      job.found = true;
      ++found_on_disk;
      break;
    }
    if (job.found) {
      const bool complete = is_enough(job.info);
      accounts.push({.full_id = job.full_id, .pid = 0, .rootfs = job.info.rootfs, .must_answer = true});
      answer_info(job, complete);
      if (complete) return;
      job.tries = 0;
    }
  }
  if (!apis.push(std::move(job))) ++refused;
}

// --- runtimes

void MetadataResolver::Impl::add_sockets(
    const EngineSockets& engine, const std::function<std::unique_ptr<RuntimeApi>(std::string)>& make) {
  if (!engine.enabled) return;
  for (const std::string& socket : engine.sockets) {
    for (const std::string& root : roots)
      runtimes.push_back({.socket = root + socket, .api = make(root + socket), .paused_until = {}});
  }
}

void MetadataResolver::Impl::find_sockets() {
  const std::size_t label = engines.label_bytes_max;
  EngineSockets podman = engines.podman;
  std::error_code error;
  for (std::filesystem::directory_iterator user(host_root + "/run/user", error);
       !error && user != std::filesystem::directory_iterator(); user.increment(error)) {
    podman.sockets.push_back("/run/user/" + user->path().filename().string() + "/podman/podman.sock");
  }
  add_sockets(engines.docker, [&](std::string path) { return docker_api(std::move(path), "docker", label); });
  add_sockets(podman, [&](std::string path) { return docker_api(std::move(path), "podman", label); });
  add_sockets(engines.cri, [&](std::string path) { return cri_api(std::move(path), label); });
  add_sockets(engines.containerd, [&](std::string path) { return containerd_api(std::move(path), label); });
}

bool MetadataResolver::Impl::ask_runtime(Runtime& runtime, Job& job) {
  auto said = runtime.api->describe(job.full_id, job.info);
  if (said) {
    // Its own word comes before what its files let us guess.
    ContainerInfo known = std::exchange(job.info, std::move(*said));
    state::fill_unknown(job.info, known);
    runtime.was_bad = false;
    return true;
  }
  const Error& error = said.error();
  if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInvalid) return false;
  // containerd without the CRI, or a daemon that is just ending: nothing to be excited about, but said once.
  ++api_failed;
  runtime.paused_until = Clock::now() + kApiPause;
  if (!std::exchange(runtime.was_bad, true)) log(LogLevel::kInfo, "container metadata: {}", error.message);
  return false;
}

void MetadataResolver::Impl::ask_runtimes(Job job) {
  const std::string engine = job.info.engine.value_or(job.engine);
  bool waiting = false;  // for one that may know it
  for (Runtime& runtime : runtimes) {
    if (!runtime.api->may_run(engine) || !is_socket(runtime.socket)) continue;
    waiting = true;
    if (Clock::now() < runtime.paused_until || !ask_runtime(runtime, job)) continue;
    ++found_by_api;
    answer_info(job, true);
    accounts.push({.full_id = job.full_id, .pid = 0, .rootfs = job.info.rootfs, .must_answer = true});
    return;
  }
  ++job.tries;
  if (job.found) {
    if (job.tries == 1) answer_info(job, true);  // for now
    const milliseconds delay = kApiRetry * (1 << job.tries);
    if (waiting && job.tries < kApiTriesMax) apis.push(std::move(job), delay);
    return;
  }
  if (job.tries >= kDiskTriesMax) {
    ++not_found;
    accounts.push({.full_id = job.full_id, .pid = 0, .rootfs = "", .must_answer = true});
    return;
  }
  const milliseconds delay(1 << (job.tries - 1));
  if (!disk.push(std::move(job), delay)) ++refused;
}

// --- accounts

// The root of a process in the container; but a runtime's own process is in the container's cgroup before it
// has entered its root. Then the bundle tells where that is.
// When the container has ended before it was looked at, its layers are still there.
std::vector<UniqueFd> MetadataResolver::Impl::layers_of(const AccountJob& job, const Known& known,
                                                        bool& of_process) const {
  std::vector<UniqueFd> layers;
  const auto add = [&layers](UniqueFd layer) {
    if (layer) layers.push_back(std::move(layer));
  };
  if (job.full_id.empty()) {
    add(open_root(host_root + "/"));
    return layers;
  }
  if (job.pid != 0) {
    UniqueFd root = open_root(fmt::format("{}/proc/{}/root", host_root, job.pid));
    UniqueFd host = open_root(host_root + "/proc/1/root");
    if (!host) host = open_root(host_root + "/");
    of_process = root && host && !is_same_directory(root.get(), host.get());
    if (of_process) {
      add(std::move(root));
      return layers;
    }
  }
  if (known.rootfs.value_or("").empty()) return layers;
  for (const std::string& place : roots) {
    add(open_root(place + *known.rootfs));
    for (const std::string& layer : overlay_layers(place, *known.rootfs)) add(open_root(layer));
    if (!layers.empty()) break;
  }
  return layers;
}

void MetadataResolver::Impl::read_accounts_of(const AccountJob& job) {
  if (job.forget) {
    known_accounts.erase(job.full_id);
    return;
  }
  if (known_accounts.size() >= kAccountsMax && !known_accounts.contains(job.full_id)) known_accounts.clear();
  Known& known = known_accounts[job.full_id];
  if (job.rootfs) known.rootfs = job.rootfs;
  MetadataAnswer given{.full_id = job.full_id, .info = {}, .users = {}};
  const std::vector<UniqueFd> layers = layers_of(job, known, given.users_of_process);
  if (!layers.empty()) {
    if (auto users = read_accounts(layers, known.stamps)) given.users = std::move(*users);
  }
  // The process may be gone before the bundle has told of the root: then that is still to come.
  given.users_complete = given.users != nullptr || given.users_of_process || known.rootfs.has_value();
  // Only a change is worth telling, but for those who wait.
  if (given.users || job.must_answer) answer(std::move(given));
}

// --- the pipeline's side

MetadataResolver::MetadataResolver(std::string host_root, ContainerEngines engines)
    : impl_(std::make_unique<Impl>(std::move(host_root), std::move(engines))) {
  Impl* impl = impl_.get();
  impl->find_sockets();
  // Signals are for the thread that waits for them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl->threads.emplace_back(
      [impl] { impl->disk.run([impl](Job job) { impl->look_on_disk(std::move(job)); }); });
  impl->threads.emplace_back(
      [impl] { impl->apis.run([impl](Job job) { impl->ask_runtimes(std::move(job)); }); });
  impl->threads.emplace_back(
      [impl] { impl->accounts.run([impl](const AccountJob& job) { impl->read_accounts_of(job); }); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

MetadataResolver::~MetadataResolver() {
  impl_->disk.stop();
  impl_->apis.stop();
  impl_->accounts.stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

bool MetadataResolver::ask(const std::string& full_id, std::string_view engine) {
  if (!is_described(engine) || impl_->engines.fixed) {
    impl_->accounts.push({.full_id = full_id, .pid = 0, .rootfs = ""});
    return false;
  }
  if (impl_->disk.push({.full_id = full_id, .engine = std::string(engine), .info = {}})) return true;
  ++impl_->refused;
  return false;
}

bool MetadataResolver::ask_accounts(const std::string& full_id, std::uint32_t pid, bool must_answer) {
  if (impl_->accounts.push({.full_id = full_id, .pid = pid, .rootfs = {}, .must_answer = must_answer}))
    return true;
  ++impl_->refused;
  return false;
}

void MetadataResolver::forget(const std::string& full_id) {
  impl_->accounts.push({.full_id = full_id, .pid = 0, .rootfs = {}, .forget = true});
}

int MetadataResolver::ready_fd() const { return impl_->ready.get(); }

void MetadataResolver::take(const std::function<void(MetadataAnswer&)>& sink) {
  if (!impl_->any.load(std::memory_order_acquire)) return;
  {
    const std::scoped_lock lock(impl_->answers_mutex);
    impl_->taken.swap(impl_->answers);
    impl_->any.store(false, std::memory_order_relaxed);
    std::uint64_t count = 0;
    // An eventfd that does not block.
    (void)!::read(impl_->ready.get(), &count,
                  sizeof(count));  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
  }
  for (MetadataAnswer& given : impl_->taken) sink(given);
  impl_->taken.clear();
}

MetadataResolver::Stats MetadataResolver::stats() const {
  return {.found_on_disk = impl_->found_on_disk,
          .found_by_api = impl_->found_by_api,
          .not_found = impl_->not_found,
          .api_failed = impl_->api_failed,
          .refused = impl_->refused};
}

}  // namespace saker::capture
