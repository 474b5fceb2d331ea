#include "app/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iterator>
#include <set>

#include "app/config_keys.h"
#include "app/config_override.h"
#include "base/file.h"
#include "base/sha256.h"
#include "rules/nearest_name.h"

namespace saker::app {
namespace {

using Node = YAML::Node;

constexpr const char* kCommandLine = "command line";

constexpr int kDepthMax = 64;  // Falco's own keys need three, plugins' a few more

constexpr std::size_t kNodesMax = 100'000;  // aliases counted as often as they are used

// ${NAME} is replaced from the environment, $${NAME} becomes ${NAME}; unset becomes empty.
std::string expand_environment(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("${", at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out.append(text.substr(at));
    if (open > at && text[open - 1] == '$') {
      out.append(text.substr(at, open - 1 - at)).append(text.substr(open, close + 1 - open));
    } else {
      out.append(text.substr(at, open - at));
      const std::string name(text.substr(open + 2, close - open - 2));
      if (const char* value = std::getenv(name.c_str())) out += value;
    }
    at = close + 1;
  }
  return out;
}

bool is_type(const Node& node, KeyType type) {
  switch (type) {
    case KeyType::kBool: {
      bool value;
      return node.IsScalar() && YAML::convert<bool>::decode(node, value);
    }
    case KeyType::kInteger: {
      long value;
      return node.IsScalar() && YAML::convert<long>::decode(node, value);
    }
    case KeyType::kNumber: {
      double value;
      return node.IsScalar() && YAML::convert<double>::decode(node, value);
    }
    case KeyType::kText:
      return node.IsScalar() || node.IsNull();
    case KeyType::kTexts:
      if (!node.IsSequence()) return node.IsNull();
      for (const Node& item : node) {
        if (!item.IsScalar()) return false;
      }
      return true;
    case KeyType::kList:
      return node.IsSequence() || node.IsNull();
    case KeyType::kMap:
      return node.IsMap() || node.IsNull();
  }
  return false;
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::kBool:
      return "true or false";
    case KeyType::kInteger:
      return "a whole number";
    case KeyType::kNumber:
      return "a number";
    case KeyType::kText:
      return "a text";
    case KeyType::kTexts:
      return "a list of texts";
    case KeyType::kList:
      return "a list";
    case KeyType::kMap:
      return "a map";
  }
  return "something else";
}

using Overrides = std::vector<std::pair<std::string, std::string>>;
using Override = std::pair<std::string, std::string>;  // name, KEY=VALUE

class Reader {
 public:
  Reader(std::string file, std::string_view text) : text_(text) {
    result_.config.file = file;
    result_.report.file = std::move(file);
    // Falco's default, which a file without the key keeps.
    rules::AppendOutput suggested;
    suggested.suggested_output = true;
    result_.config.load.append_output.push_back(suggested);
  }

  ConfigResult read(const Overrides& overrides, const std::vector<IncludedFile>& included = {}) {
    Node root;
    try {
      root = YAML::Load(std::string(text_));
      if (!root.IsNull() && !root.IsMap()) {
        add(rules::Severity::kError, root, "the configuration must be a map of keys");
        return std::move(result_);
      }
      if (!expand(root, 0)) {
        add(rules::Severity::kError, root, "the configuration is nested too deeply or has too many values");
        return std::move(result_);
      }
    } catch (const YAML::Exception& error) {
      add_at(rules::Severity::kError, error.mark, error.msg);
      return std::move(result_);
    }
    if (root.IsNull()) root = Node(YAML::NodeType::Map);
    try {
      for (const IncludedFile& file : included) take_in(root, file);
      for (const auto& [path, value] : overrides) override_key(root, path, value);
      visit(root, "");
    } catch (const YAML::Exception& error) {
      add_at(rules::Severity::kError, error.mark, error.msg);
    }
    return std::move(result_);
  }

 private:
  // Replaces ${NAME} in all values, in place, so that they keep their marks. False: the tree is too large.
  bool expand(Node node, int depth) {
    if (depth > kDepthMax || ++nodes_ > kNodesMax) return false;
    if (node.IsScalar() && node.Scalar().find("${") != std::string::npos) {
      // An alias is the same node once more.
      if (expanded_.insert(node.Mark().pos).second) node = expand_environment(node.Scalar());
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        if (!expand(entry.second, depth + 1)) return false;
      }
    } else if (node.IsSequence()) {
      for (const Node& item : node) {
        if (!expand(item, depth + 1)) return false;
      }
    }
    return true;
  }

  // Its mistakes have been found already, by a Reader of its own.
  void take_in(Node& root, const IncludedFile& file) {
    Node tree = YAML::Load(file.text);
    nodes_ = 0;
    expanded_.clear();
    if (expand(tree, 0)) merge_config(root, tree, file.strategy);
  }

  // Walks maps down to keys of the table.
  void visit(const Node& map, const std::string& prefix) {
    for (const auto& entry : map) {
      const Node& key_node = entry.first;
      const Node& value = entry.second;
      const std::string key = prefix + key_node.as<std::string>("");
      if (const ConfigKey* known = find(key)) {
        take(*known, value);
      } else if (is_prefix(key)) {
        if (value.IsMap()) {
          visit(value, key + ".");
        } else if (!value.IsNull()) {
          add(rules::Severity::kError, value, fmt::format("'{}' must be a map", key));
        }
      } else {
        unknown(key, key_node);
      }
    }
  }

  static const ConfigKey* find(std::string_view name) {
    for (const ConfigKey& key : config_keys()) {
      if (key.name == name) return &key;
    }
    return nullptr;
  }

  static bool is_prefix(const std::string& name) {
    for (const ConfigKey& key : config_keys()) {
      if (key.name.starts_with(name + ".")) return true;
    }
    return false;
  }

  void unknown(const std::string& key, const Node& at) {
    from_command_line_ = overridden(key);
    std::vector<std::string_view> names;
    for (const ConfigKey& known : config_keys()) names.push_back(known.name);
    add(rules::Severity::kWarning, at, fmt::format("unknown key '{}' is ignored", key));
    const std::string_view near = rules::nearest_name(key, names);
    if (!near.empty()) result_.report.diagnostics.back().hint = fmt::format("did you mean '{}'?", near);
    from_command_line_ = nullptr;
  }

  void take(const ConfigKey& key, const Node& raw) {
    Node value = raw;
    // A single file where a list is meant: the old rules_file.
    if (key.type == KeyType::kTexts && value.IsScalar()) {
      Node list(YAML::NodeType::Sequence);
      list.push_back(value.Scalar());
      value.reset(list);
    }
    from_command_line_ = overridden(key.name);
    if (!is_type(value, key.type)) {
      add(rules::Severity::kError, raw, fmt::format("'{}' must be {}", key.name, type_name(key.type)));
    } else if (!value.IsNull()) {
      take_checked(key, value, raw);
    }
    from_command_line_ = nullptr;
  }

  void take_checked(const ConfigKey& key, const Node& value, const Node& raw) {
    try {
      if (key.apply != nullptr) {
        const std::string problem = key.apply(result_.config, value);
        if (!problem.empty()) add(rules::Severity::kError, raw, fmt::format("'{}': {}", key.name, problem));
      } else if (key.asks != nullptr && key.asks(value)) {
        add(rules::Severity::kWarning, raw, fmt::format("'{}' has no effect: {}", key.name, key.why));
      }
    } catch (const YAML::Exception& error) {
      add(rules::Severity::kError, raw, fmt::format("'{}': {}", key.name, error.msg));
    }
  }

  void override_key(Node& root, const std::string& path, const std::string& value) {
    from_command_line_ = &overrides_.emplace_back(override_name(path), path + "=" + value);
    const std::string problem = apply_override(root, path, value);
    if (!problem.empty()) add(rules::Severity::kError, root, fmt::format("'{}': {}", path, problem));
    from_command_line_ = nullptr;
  }

  // The override that gave `key`, or something below or above it, its value.
  const Override* overridden(std::string_view key) const {
    for (const Override& given : overrides_) {
      const std::string_view name = given.first;
      const std::size_t common = std::min(name.size(), key.size());
      const std::string_view longer = name.size() > key.size() ? name : key;
      const bool related = name.substr(0, common) == key.substr(0, common);
      if (related && (longer.size() == common || longer[common] == '.')) return &given;
    }
    return nullptr;
  }

  void add(rules::Severity severity, const Node& node, std::string message) {
    add_at(severity, node.Mark(), std::move(message));
  }

  void add_at(rules::Severity severity, const YAML::Mark& mark, std::string message) {
    rules::Diagnostic diagnostic;
    diagnostic.severity = severity;
    diagnostic.code = severity == rules::Severity::kError ? "CONFIG_ERR" : "CONFIG_WARN";
    diagnostic.message = std::move(message);
    diagnostic.line = diagnostic.column = 1;
    if (from_command_line_ != nullptr) {
      diagnostic.file = kCommandLine;
      diagnostic.source_line = from_command_line_->second;
    } else {
      diagnostic.file = result_.report.file;
      if (!mark.is_null()) {
        diagnostic.line = static_cast<std::uint32_t>(mark.line) + 1;
        diagnostic.column = static_cast<std::uint32_t>(mark.column) + 1;
        diagnostic.offset = static_cast<std::size_t>(mark.pos);
      }
      diagnostic.source_line = line_of_text(diagnostic.line);
    }
    result_.report.diagnostics.push_back(std::move(diagnostic));
  }

  std::string line_of_text(std::uint32_t number) const {
    std::size_t begin = 0;
    for (std::uint32_t i = 1; i < number; ++i) {
      begin = text_.find('\n', begin);
      if (begin == std::string_view::npos) return "";
      ++begin;
    }
    return std::string(text_.substr(begin, text_.find('\n', begin) - begin));
  }

  std::string_view text_;
  ConfigResult result_;
  std::deque<Override> overrides_;               // those seen so far; addresses stay
  const Override* from_command_line_ = nullptr;  // where the value at hand comes from, if not from the file
  std::size_t nodes_ = 0;
  std::set<int> expanded_;  // by position
};

}  // namespace

ConfigResult parse_config(const std::string& file, const std::string& text, const Overrides& overrides,
                          const std::vector<IncludedFile>& included) {
  if (included.empty()) return Reader(file, text).read(overrides);
  // Each file is checked alone, where its lines are known; then all of them make one configuration, in which
  // only the command line can still be wrong.
  ConfigResult main = Reader(file, text).read({});
  std::vector<rules::Diagnostic> found = std::move(main.report.diagnostics);
  for (const IncludedFile& one : included) {
    ConfigResult checked = Reader(one.file, one.text).read({});
    std::ranges::move(checked.report.diagnostics, std::back_inserter(found));
  }
  const bool good = std::ranges::none_of(
      found, [](const rules::Diagnostic& finding) { return finding.severity == rules::Severity::kError; });
  if (!good) {
    main.report.diagnostics = std::move(found);
    return main;
  }
  ConfigResult merged = Reader(file, text).read(overrides, included);
  std::erase_if(merged.report.diagnostics,
                [](const rules::Diagnostic& finding) { return finding.file != kCommandLine; });
  found.insert(found.end(), merged.report.diagnostics.begin(), merged.report.diagnostics.end());
  merged.report.diagnostics = std::move(found);
  return merged;
}

Result<ConfigResult> load_config(const std::string& file, const Overrides& overrides) {
  if (file.empty()) return parse_config("", "", overrides);
  TRY_ASSIGN(const std::string text, read_file(file));
  // The main file's list; of what it takes in, no list counts.
  ConfigResult main = parse_config(file, text, overrides);
  if (!main.report.ok()) return main;
  std::vector<std::string> problems;
  const std::vector<IncludedFile> included = included_files(main.config.config_files, problems);
  if (!problems.empty()) return fail(ErrorCode::kIo, problems.front());
  ConfigResult result = included.empty() ? std::move(main) : parse_config(file, text, overrides, included);
  result.config.files.push_back({file, sha256_hex(text)});
  for (const IncludedFile& one : included) result.config.files.push_back({one.file, sha256_hex(one.text)});
  return result;
}

}  // namespace saker::app
