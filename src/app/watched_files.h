// The files whose change means a reload.
//
// They are looked at once a second rather than watched: while anybody watches a directory (inotify), the
// kernel makes all opens and closes on its file system dearer, by 30 ns each, and not every file system
// tells. Links are followed, so an editor's rename and a Kubernetes ConfigMap's swapped `..data` are seen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/loaded_file.h"
#include "app/options.h"

namespace saker::app {

// What says cheaply that a file may have changed; all but the path is 0 for one that is not there.
struct FileStamp {
  std::string path;
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

// The configured files, and the YAML files in configured directories, as they are now.
std::vector<FileStamp> stamps_of_watched_files(const Config& config, const Options& options);

// What is in them; what cannot be read is left out, which is a change as well.
std::vector<LoadedFile> watched_files(const Config& config, const Options& options);

}  // namespace saker::app
