#include "app/watched_files.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"

namespace saker::app {
namespace {

namespace fs = std::filesystem;

void add_file(const std::string& path, std::vector<LoadedFile>& to) {
  if (const auto text = read_file(path)) to.push_back({path, sha256_hex(*text)});
}

}  // namespace

std::vector<std::string> watched_paths(const Config& config, const Options& options) {
  std::vector<std::string> paths;
  for (const ConfigFilesEntry& entry : config.config_files) paths.push_back(entry.path);
  if (!config.file.empty()) paths.push_back(config.file);
  const auto& rules = options.rules_files.empty() ? config.rules_files : options.rules_files;
  paths.insert(paths.end(), rules.begin(), rules.end());
  return paths;
}

std::vector<LoadedFile> watched_files(const Config& config, const Options& options) {
  std::vector<LoadedFile> files;
  for (const std::string& path : watched_paths(config, options)) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      add_file(path, files);
      continue;
    }
    std::vector<std::string> inside;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
      const std::string extension = entry->path().extension();
      if (extension == ".yaml" || extension == ".yml") inside.push_back(entry->path());
    }
    std::ranges::sort(inside);
    for (const std::string& file : inside) add_file(file, files);
  }
  return files;
}

}  // namespace saker::app
