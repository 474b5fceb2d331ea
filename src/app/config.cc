#include "app/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <optional>

#include "app/config_keys.h"
#include "base/file.h"
#include "rules/nearest_name.h"

namespace saker::app {
namespace {

using Node = YAML::Node;

constexpr int kDepthMax = 16;  // Falco's own keys need three

// ${NAME} is replaced from the environment, $${NAME} stays ${NAME}; unset becomes empty.
std::string expand_environment(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find("${", at);
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return out.append(text.substr(at));
    if (open > 0 && text[open - 1] == '$' && open > at) {
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
    case KeyType::kText: return node.IsScalar() || node.IsNull();
    case KeyType::kTexts:
      if (!node.IsSequence()) return node.IsNull();
      for (const Node& item : node) {
        if (!item.IsScalar()) return false;
      }
      return true;
    case KeyType::kList: return node.IsSequence() || node.IsNull();
    case KeyType::kMap: return node.IsMap() || node.IsNull();
  }
  return false;
}

std::string_view type_name(KeyType type) {
  switch (type) {
    case KeyType::kBool: return "true or false";
    case KeyType::kInteger: return "a whole number";
    case KeyType::kNumber: return "a number";
    case KeyType::kText: return "a text";
    case KeyType::kTexts: return "a list of texts";
    case KeyType::kList: return "a list";
    case KeyType::kMap: return "a map";
  }
  return "something else";
}

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

  ConfigResult read(const std::vector<std::pair<std::string, std::string>>& overrides) {
    try {
      Node root = YAML::Load(std::string(text_));
      if (!root || root.IsNull()) root = Node(YAML::NodeType::Map);
      if (!root.IsMap()) {
        add(rules::Severity::kError, root, "the configuration must be a map of keys");
        return std::move(result_);
      }
      for (const auto& [key, value] : overrides) override_key(root, key, value);
      visit(root, "", 0);
    } catch (const YAML::Exception& error) {
      add_at(rules::Severity::kError, error.mark, error.msg);
    }
    return std::move(result_);
  }

 private:
  // Walks maps down to keys of the table.
  void visit(const Node& map, const std::string& prefix, int depth) {
    if (depth > kDepthMax) return add(rules::Severity::kError, map, "keys are nested too deeply");
    for (const auto& entry : map) {
      const Node& key_node = entry.first;
      const Node& value = entry.second;
      const std::string key = prefix + key_node.as<std::string>("");
      if (const ConfigKey* known = find(key)) {
        take(*known, value);
      } else if (is_prefix(key)) {
        if (value.IsMap()) {
          visit(value, key + ".", depth + 1);
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
    std::vector<std::string_view> names;
    for (const ConfigKey& known : config_keys()) names.push_back(known.name);
    add(rules::Severity::kWarning, at, fmt::format("unknown key '{}' is ignored", key));
    const std::string_view near = rules::nearest_name(key, names);
    if (!near.empty()) result_.report.diagnostics.back().hint = fmt::format("did you mean '{}'?", near);
  }

  void take(const ConfigKey& key, const Node& raw) {
    Node value = raw;
    if (value.IsScalar()) {
      const std::string& text = value.Scalar();
      if (text.find("${") != std::string::npos) value = Node(expand_environment(text));
    }
    // A single file where a list is meant: the old rules_file.
    if (key.type == KeyType::kTexts && value.IsScalar()) {
      Node list(YAML::NodeType::Sequence);
      list.push_back(value);
      value = list;
    }
    if (!is_type(value, key.type)) {
      return add(rules::Severity::kError, raw, fmt::format("'{}' must be {}", key.name, type_name(key.type)));
    }
    if (value.IsNull()) return;
    if (key.apply != nullptr) {
      try {
        const std::string problem = key.apply(result_.config, value);
        if (!problem.empty()) add(rules::Severity::kError, raw, fmt::format("'{}': {}", key.name, problem));
      } catch (const YAML::Exception& error) {
        add(rules::Severity::kError, raw, fmt::format("'{}': {}", key.name, error.msg));
      }
      return;
    }
    if (key.name == "load_plugins") return check_plugins(value);
    if (!key.harmless.empty() && value.IsScalar() && value.Scalar() != key.harmless) {
      add(rules::Severity::kWarning, raw, fmt::format("'{}' is not supported yet and has no effect", key.name));
    }
  }

  void check_plugins(const Node& names) {
    for (const Node& name : names) {
      if (name.Scalar() != "container") {
        add(rules::Severity::kWarning, name,
            fmt::format("plugin '{}' is not supported: only 'container' is, and it is built in", name.Scalar()));
      }
    }
  }

  // key.sub[0]=value: makes what is missing on the way.
  void override_key(Node& root, const std::string& path, const std::string& value) {
    Node at = root;
    std::size_t begin = 0;
    while (begin < path.size()) {
      const std::size_t end = std::min(path.find_first_of(".[", begin), path.size());
      if (end > begin) at.reset(at[path.substr(begin, end - begin)]);
      begin = end;
      if (begin < path.size() && path[begin] == '[') {
        const std::size_t close = path.find(']', begin);
        if (close == std::string::npos) break;
        const std::string index = path.substr(begin + 1, close - begin - 1);
        if (index.empty()) {
          Node added;
          at.push_back(added);
          at.reset(at[at.size() - 1]);
        } else {
          at.reset(at[static_cast<std::size_t>(std::strtoul(index.c_str(), nullptr, 10))]);
        }
        begin = close + 1;
      }
      if (begin < path.size() && path[begin] == '.') ++begin;
    }
    at = YAML::Load(value);
  }

  void add(rules::Severity severity, const Node& node, std::string message) {
    add_at(severity, node.Mark(), std::move(message));
  }

  void add_at(rules::Severity severity, const YAML::Mark& mark, std::string message) {
    rules::Diagnostic diagnostic;
    diagnostic.severity = severity;
    diagnostic.code = severity == rules::Severity::kError ? "CONFIG_ERR" : "CONFIG_WARN";
    diagnostic.message = std::move(message);
    diagnostic.file = result_.report.file.empty() ? "command line" : result_.report.file;
    // What came from the command line has no place in the file.
    diagnostic.line = mark.is_null() ? 1 : static_cast<std::uint32_t>(mark.line) + 1;
    diagnostic.column = mark.is_null() ? 1 : static_cast<std::uint32_t>(mark.column) + 1;
    diagnostic.offset = mark.is_null() ? 0 : static_cast<std::size_t>(mark.pos);
    diagnostic.source_line = line_of_text(diagnostic.line);
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
};

}  // namespace

ConfigResult parse_config(const std::string& file, const std::string& text,
                          const std::vector<std::pair<std::string, std::string>>& overrides) {
  return Reader(file, text).read(overrides);
}

Result<ConfigResult> load_config(const std::string& file,
                                 const std::vector<std::pair<std::string, std::string>>& overrides) {
  if (file.empty()) return parse_config("", "", overrides);
  TRY_ASSIGN(const std::string text, read_file(file));
  return parse_config(file, text, overrides);
}

}  // namespace saker::app
