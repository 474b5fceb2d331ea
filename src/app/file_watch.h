// FileWatch: tells that configuration or rules may have changed.
//
// Watches directories, not files: an editor writes a new file and renames it, a Kubernetes ConfigMap swaps
// the link `..data` beside its files. Links are followed, and each directory on the way is watched. What does
// not exist yet is waited for in the nearest directory above it. It only says "look"; whether something is
// different is seen by reading.
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace saker::app {

class FileWatch {
 public:
  static Result<FileWatch> open();

  // Replaces what is watched: files, and directories whose files count.
  void watch(const std::vector<std::string>& paths);

  // Readable when there is something to look at.
  int fd() const { return inotify_.get(); }

  // Reads what has been told; true when anything was.
  bool read_events();

 private:
  explicit FileWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}

  UniqueFd inotify_;
  std::map<std::string, int> watched_;  // directory to inotify's number
};

// The directories to watch for `path`, by the rules above.
std::set<std::string> directories_of(const std::string& path);

}  // namespace saker::app
