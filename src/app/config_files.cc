#include "app/config_files.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace saker::app {
namespace {

namespace fs = std::filesystem;
using Node = YAML::Node;

void add_file(const std::string& path, MergeStrategy strategy, std::vector<IncludedFile>& to,
              std::vector<std::string>& problems) {
  auto text = read_file(path);
  if (text)
    to.push_back({path, std::move(*text), strategy});
  else
    problems.push_back(text.error().message);
}

void append(Node into, const Node& from) {
  for (const auto& entry : from) {
    const auto key = entry.first.as<std::string>();
    Node known = into[key];
    if (known.IsMap() && entry.second.IsMap()) {
      append(known, entry.second);
    } else if (known.IsSequence() && entry.second.IsSequence()) {
      for (const Node& item : entry.second) known.push_back(item);
    } else {
      into[key] = entry.second;
    }
  }
}

}  // namespace

std::string read_config_files(const Node& list, std::vector<ConfigFilesEntry>& into) {
  if (!list.IsSequence()) return "must be a list";
  for (const Node& item : list) {
    ConfigFilesEntry entry;
    if (item.IsScalar()) {
      entry.path = item.Scalar();
    } else if (item.IsMap() && item["path"] && item["path"].IsScalar()) {
      entry.path = item["path"].Scalar();
      const std::string word = item["strategy"] ? item["strategy"].as<std::string>("") : "append";
      if (word == "override")
        entry.strategy = MergeStrategy::kOverride;
      else if (word == "add-only")
        entry.strategy = MergeStrategy::kAddOnly;
      else if (word != "append")
        return fmt::format("strategy '{}' must be append, override or add-only", word);
    } else {
      return "each entry must be a path, or a map with path and strategy";
    }
    into.push_back(std::move(entry));
  }
  return {};
}

std::vector<IncludedFile> included_files(const std::vector<ConfigFilesEntry>& entries,
                                         std::vector<std::string>& problems) {
  std::vector<IncludedFile> files;
  for (const ConfigFilesEntry& entry : entries) {
    std::error_code error;
    if (!fs::exists(entry.path, error)) continue;
    if (!fs::is_directory(entry.path, error)) {
      add_file(entry.path, entry.strategy, files, problems);
      continue;
    }
    std::vector<std::string> inside;
    for (fs::directory_iterator file(entry.path, error), end; !error && file != end; file.increment(error)) {
      const std::string extension = file->path().extension();
      std::error_code ignored;
      if ((extension == ".yaml" || extension == ".yml") && file->is_regular_file(ignored))
        inside.push_back(file->path());
    }
    std::ranges::sort(inside);
    for (const std::string& path : inside) add_file(path, entry.strategy, files, problems);
  }
  return files;
}

void merge_config(Node& into, const Node& from, MergeStrategy strategy) {
  if (!from.IsMap()) return;
  if (strategy == MergeStrategy::kAppend) return append(into, from);
  for (const auto& entry : from) {
    const auto key = entry.first.as<std::string>();
    if (strategy == MergeStrategy::kOverride || !into[key]) into[key] = entry.second;
  }
}

}  // namespace saker::app
