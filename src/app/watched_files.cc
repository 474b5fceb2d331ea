#include "app/watched_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"

namespace saker::app {
namespace {

namespace fs = std::filesystem;

// Files and directories, as configured.
std::vector<std::string> configured_paths(const Config& config, const Options& options) {
  std::vector<std::string> paths;
  for (const ConfigFilesEntry& entry : config.config_files) paths.push_back(entry.path);
  if (!config.file.empty()) paths.push_back(config.file);
  const auto& rules = options.rules_files.empty() ? config.rules_files : options.rules_files;
  paths.insert(paths.end(), rules.begin(), rules.end());
  return paths;
}

std::vector<std::string> watched_paths(const Config& config, const Options& options) {
  std::vector<std::string> files;
  for (const std::string& path : configured_paths(config, options)) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      const std::string extension = entry->path().extension();
      if (extension == ".yaml" || extension == ".yml") inside.push_back(entry->path());
    }
    std::ranges::sort(inside);
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_of(std::string path) {
  struct stat file{};
  if (stat(path.c_str(), &file) != 0) return {.path = std::move(path)};
  return {.path = std::move(path),
          .device = file.st_dev,
          .inode = file.st_ino,
          .size = static_cast<std::uint64_t>(file.st_size),
          .modified_ns = nanoseconds(file.st_mtim),
          .changed_ns = nanoseconds(file.st_ctim)};
}

}  // namespace

std::vector<FileStamp> stamps_of_watched_files(const Config& config, const Options& options) {
  std::vector<FileStamp> stamps;
  for (std::string& path : watched_paths(config, options)) stamps.push_back(stamp_of(std::move(path)));
  return stamps;
}

std::vector<LoadedFile> watched_files(const Config& config, const Options& options) {
  std::vector<LoadedFile> files;
  for (const std::string& path : watched_paths(config, options)) {
    if (const auto text = read_file(path)) files.push_back({path, sha256_hex(*text)});
  }
  return files;
}

}  // namespace saker::app
