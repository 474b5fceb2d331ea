// FileIdentities: the path that a rule names, for a file that was opened under another name.
//
// A hard link, a bind mount from another file system or a handle gives a file a name that no text of the
// event betrays. Then the inode tells: the paths that rules name literally are looked up in the root of the
// container (and of the host), each giving a device and an inode, and the opened file is compared with those.
// Only files that may have such names are asked about (event::File::aliased), which are few.
//
// A root's table is looked up anew for each event, so that a file that has been replaced or mounted a moment
// ago is known; but not more often than once in `interval_ns` in the long run, `burst` times at once. Roots
// belong to others and may lie on a file system that never answers; so threads of our own do the looking, the
// caller waits for at most `wait`, and from then on that root is asked without waiting. What had no answer is
// counted.
//
// Not thread-safe. The pipeline thread owns it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace saker::capture {

// A file, in the numbers that records use.
struct FileId {
  std::uint64_t ino = 0;
  std::uint32_t dev = 0;

  bool operator==(const FileId&) const = default;
};

// Which file a descriptor of ours is; nothing when the kernel cannot say. Called from several threads.
using Identify = std::function<std::optional<FileId>(int fd)>;

class FileIdentities {
 public:
  struct Options {
    std::string host_root;  // where the host's / is mounted; "" = at /
    std::uint64_t interval_ns = 20'000'000;
    std::uint64_t burst = 16;
    std::chrono::milliseconds wait{250};  // a root that takes longer is not waited for again until it answers
    std::size_t roots_max = 4096;         // tables kept; the one not asked for longest makes room
  };
  struct Stats {
    std::uint64_t asked = 0;
    std::uint64_t found = 0;
    std::uint64_t unanswered = 0;  // the root did not answer in time and had no table yet
  };

  // `paths`: absolute, as rules have them. None: find() says no at once.
  FileIdentities(std::vector<std::string> paths, Identify identify, Options options);
  ~FileIdentities();

  bool empty() const { return paths_.empty(); }

  // The path that names `file` in a container's root: found through any of `processes` (those in the
  // container that may still live). Empty when none does. Holds as long as this object.
  std::string_view find_in_container(FileId file, std::string_view container,
                                     std::span<const event::ProcessId> processes, std::uint64_t now_ns);
  // The same in the host's root.
  std::string_view find_on_host(FileId file, std::uint64_t now_ns);

  // Looks a container's paths up if that has not been done: at its first program, because it may be gone
  // soon.
  void learn(std::string_view container, std::span<const event::ProcessId> processes, std::uint64_t now_ns);

  const Stats& stats() const { return stats_; }

 private:
  struct Shared;  // what the threads that look share with us

  std::string_view find(FileId file, std::string_view root, std::span<const event::ProcessId> processes,
                        std::uint64_t now_ns);

  std::vector<std::string> paths_;
  Options options_;
  Stats stats_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace saker::capture
