// config_files: the files that a configuration takes in, and how they are merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
}

namespace saker::app {

enum class MergeStrategy : unsigned char {
  kAppend,    // maps are merged, lists appended, other values replaced
  kOverride,  // top-level keys are replaced as a whole
  kAddOnly,   // only top-level keys that are not there yet
};

struct IncludedFile {
  std::string file;
  std::string text;
  MergeStrategy strategy = MergeStrategy::kAppend;
};

// One entry of the list: a path, or a map of path and strategy.
struct ConfigFilesEntry {
  std::string path;
  MergeStrategy strategy = MergeStrategy::kAppend;
};

// Reads a `config_files` list; a sentence when an entry is not what it must be.
std::string read_config_files(const YAML::Node& list, std::vector<ConfigFilesEntry>& into);

// The files that are there, directories' *.yaml and *.yml by name. What is missing is skipped, as in Falco;
// what cannot be read is a problem with a sentence.
std::vector<IncludedFile> included_files(const std::vector<ConfigFilesEntry>& entries,
                                         std::vector<std::string>& problems);

// Merges `from` into the map `into`.
void merge_config(YAML::Node& into, const YAML::Node& from, MergeStrategy strategy);

}  // namespace saker::app
