#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/file.h"
#include "rules/load.h"

namespace saker::rules {
namespace {

namespace fs = std::filesystem;

bool is_rule_file(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

// The rule files right inside `path`, sorted by path as text. Links are followed: a mounted ConfigMap shows
// each of its files as one.
Result<std::vector<std::string>> files_in(const std::string& path) {
  std::vector<std::string> found;
  std::error_code problem;
  for (fs::directory_iterator entry(path, problem), end; !problem && entry != end; entry.increment(problem)) {
    std::error_code ignored;  // a broken link is no regular file
    const std::string name = entry->path().string();
    if (is_rule_file(name) && entry->is_regular_file(ignored)) found.push_back(name);
  }
  if (problem) return fail(ErrorCode::kIo, "cannot list the rules folder " + path + ": " + problem.message());
  std::ranges::sort(found);
  return found;
}

}  // namespace

Result<RuleFilesFound> read_rule_files(const std::vector<std::string>& paths) {
  RuleFilesFound found;
  for (const std::string& path : paths) {
    std::error_code problem;
    const fs::file_status status = fs::status(path, problem);
    std::vector<std::string> files;
    if (status.type() == fs::file_type::not_found) {
      found.missing.push_back(path);
    } else if (status.type() == fs::file_type::directory) {
      TRY_ASSIGN(files, files_in(path));
    } else if (is_rule_file(path)) {
      files.push_back(path);
    } else {
      found.ignored.push_back(path);
    }
    for (const std::string& file : files) {
      TRY_ASSIGN(std::string text, read_file(file));
      found.files.push_back({file, std::move(text)});
    }
  }
  return found;
}

}  // namespace saker::rules
