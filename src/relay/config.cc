#include "relay/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "base/file.h"
#include "base/suggestion.h"
#include "relay/config_keys.h"
#include "relay/field_template.h"

namespace saker::relay {
namespace {

using spool::Priority;

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string variable_of(std::string_view key) {
  std::string name(key);
  std::ranges::transform(name, name.begin(), [](char c) {
    if (c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return name;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Texts split(std::string_view text, char separator) {
  Texts parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = trimmed(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string hint(std::string_view unknown, auto&& offer_all) {
  Suggestion suggestion(unknown);
  offer_all(suggestion);
  return suggestion.nearest().empty() ? "" : fmt::format("; did you mean '{}'?", suggestion.nearest());
}

// Each puts a text into its slot, or says what is wrong with it.
struct TextSetter {
  std::string_view text;
  std::string_view words;

  std::string operator()(std::string* to) const {
    if (!words.empty()) {
      std::string_view rest = words;
      while (true) {
        const std::size_t end = std::min(rest.find('|'), rest.size());
        const std::string_view word = rest.substr(0, end);
        if (spool::equals_ignoring_case(word, text)) {
          *to = word;
          return "";
        }
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
      }
      return fmt::format("'{}' is not one of {}", text, words);
    }
    *to = text;
    return "";
  }
  std::string operator()(bool* to) const {
    const std::string word = lowered(text);
    if (word == "true" || word == "1" || word == "t") {
      *to = true;
    } else if (word == "false" || word == "0" || word == "f") {
      *to = false;
    } else {
      return fmt::format("'{}' is neither true nor false", text);
    }
    return "";
  }
  std::string operator()(std::int64_t* to) const {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0)
      return fmt::format("'{}' is not a whole number", text);
    *to = number;
    return "";
  }
  std::string operator()(Texts* to) const {
    *to = split(text, ',');
    return "";
  }
  std::string operator()(Pairs* to) const {
    Pairs pairs;
    for (const std::string& part : split(text, ',')) {
      // At the first colon: a value may be a URL or a time.
      const std::size_t colon = part.find(':');
      if (colon == std::string::npos || colon == 0)
        return fmt::format("'{}' is not of the form name:value", part);
      pairs[std::string(trimmed(std::string_view(part).substr(0, colon)))] =
          trimmed(std::string_view(part).substr(colon + 1));
    }
    *to = std::move(pairs);
    return "";
  }
  std::string operator()(Priority* to) const {
    if (const auto priority = spool::priority_named(text)) {
      *to = *priority;
      return "";
    }
    return fmt::format("'{}' is no priority{}", text, hint(text, [](Suggestion& suggestion) {
                         for (const std::string_view name : spool::kPriorityNames) suggestion.offer(name);
                       }));
  }
};

class Loader {
 public:
  explicit Loader(const Environment& environment) : environment_(environment) {}

  void read_file(const std::string& path, std::string_view text) {
    try {
      const YAML::Node root = YAML::Load(std::string(text));
      if (root.IsNull()) return;
      if (!root.IsMap()) return problem(path, "a configuration is a map of keys and values");
      walk(path, "", root, 0);
    } catch (const YAML::Exception& error) {
      problem(fmt::format("{}:{}:{}", path, error.mark.line + 1, error.mark.column + 1), error.msg);
    }
  }

  void read_environment() {
    for (const ConfigKey& key : config_keys()) {
      const std::string variable = variable_of(key.name);
      const char* value = environment_(variable.c_str());
      if (value == nullptr || *value == '\0') continue;
      set(variable, key, value);
    }
    for (const std::string_view name : foreign_switches()) {
      const std::string variable = variable_of(name);
      const char* value = environment_(variable.c_str());
      if (value != nullptr && *value != '\0' && lowered(value) != "false") refuse_foreign(variable, name);
    }
  }

  void check();

  LoadedConfig take() { return std::move(loaded_); }

 private:
  static constexpr int kDepthMax = 8;

  void problem(std::string where, std::string message) {
    loaded_.problems.push_back({std::move(where), std::move(message)});
  }

  static std::string place(const std::string& path, const YAML::Node& node) {
    return fmt::format("{}:{}:{}", path, node.Mark().line + 1, node.Mark().column + 1);
  }

  static const ConfigKey* find(std::string_view name) {
    const auto at = std::ranges::find(config_keys(), name, &ConfigKey::name);
    return at == config_keys().end() ? nullptr : &*at;
  }

  static const KeyWithoutEffect* find_idle(std::string_view name) {
    const auto at = std::ranges::find(keys_without_effect(), name, &KeyWithoutEffect::name);
    return at == keys_without_effect().end() ? nullptr : &*at;
  }

  static bool asks_for_something(const YAML::Node& value) {
    return !value.IsNull() &&
           !(value.IsScalar() && (value.Scalar().empty() || lowered(value.Scalar()) == "false"));
  }

  void walk(const std::string& path, const std::string& prefix, const YAML::Node& map, int depth) {
    if (depth > kDepthMax) return problem(place(path, map), "nested too deep");
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        problem(place(path, entry.first), "a key must be a text");
        continue;
      }
      const std::string name = prefix + lowered(entry.first.Scalar());
      const YAML::Node& value = entry.second;
      if (const ConfigKey* key = find(name)) {
        set_node(path, *key, value);
      } else if (value.IsMap() && is_section(name + ".")) {
        walk(path, name + ".", value, depth + 1);
      } else if (const KeyWithoutEffect* idle = find_idle(name)) {
        if (asks_for_something(value))
          loaded_.notes.push_back(
              {place(path, entry.first), fmt::format("'{}' has no effect: {}", name, idle->why)});
      } else if (is_foreign(name) || is_foreign(name + ".")) {
        look_at_foreign(path, name, value, depth);
      } else {
        problem(place(path, entry.first),
                fmt::format("unknown key '{}'{}", name, hint(name, [](Suggestion& suggestion) {
                              for (const ConfigKey& known : config_keys()) suggestion.offer(known.name);
                            })));
      }
    }
  }

  static bool is_section(std::string_view prefix) {
    const auto begins = [prefix](std::string_view name) { return name.starts_with(prefix); };
    return std::ranges::any_of(config_keys(), begins, &ConfigKey::name) ||
           std::ranges::any_of(keys_without_effect(), begins, &KeyWithoutEffect::name) ||
           std::ranges::any_of(foreign_switches(), begins);
  }

  void look_at_foreign(const std::string& path, const std::string& name, const YAML::Node& value, int depth) {
    if (depth > kDepthMax) return;
    if (value.IsMap()) {
      for (const auto& entry : value) {
        if (entry.first.IsScalar())
          look_at_foreign(path, name + "." + lowered(entry.first.Scalar()), entry.second, depth + 1);
      }
      return;
    }
    const bool is_switch = std::ranges::find(foreign_switches(), name) != foreign_switches().end();
    if (is_switch && value.IsScalar() && !value.Scalar().empty() && lowered(value.Scalar()) != "false")
      refuse_foreign(place(path, value), name);
  }

  void refuse_foreign(std::string where, std::string_view name) {
    problem(std::move(where),
            fmt::format("'{}' switches on an output of Falcosidekick that saker-relay does not have", name));
  }

  void set_node(const std::string& path, const ConfigKey& key, const YAML::Node& value) {
    if (value.IsNull()) return;
    const Slot slot = key.slot(loaded_.config);
    if (value.IsScalar()) {
      if (!value.Scalar().empty()) set(place(path, value), key, value.Scalar());
      return;
    }
    if (const auto* list = std::get_if<Texts*>(&slot); list != nullptr && value.IsSequence()) {
      Texts texts;
      for (const YAML::Node& one : value) {
        if (!one.IsScalar())
          return problem(place(path, one), fmt::format("'{}' is a list of texts", key.name));
        if (!one.Scalar().empty()) texts.push_back(one.Scalar());
      }
      **list = std::move(texts);
      return;
    }
    if (const auto* map = std::get_if<Pairs*>(&slot); map != nullptr && value.IsMap()) {
      Pairs pairs;
      for (const auto& entry : value) {
        if (!entry.first.IsScalar() || !entry.second.IsScalar())
          return problem(place(path, entry.first), fmt::format("'{}' is a map of texts", key.name));
        pairs[entry.first.Scalar()] = entry.second.Scalar();
      }
      **map = std::move(pairs);
      return;
    }
    if (value.IsSequence() || value.IsMap()) {
      if (value.size() == 0) return;
      problem(place(path, value),
              fmt::format("'{}' is not {}", key.name, value.IsMap() ? "a map" : "a list"));
    }
  }

  void set(std::string where, const ConfigKey& key, std::string_view text) {
    const std::string wrong = std::visit(TextSetter{text, key.words}, key.slot(loaded_.config));
    if (!wrong.empty()) problem(std::move(where), fmt::format("{}: {}", key.name, wrong));
  }

  const Environment& environment_;
  LoadedConfig loaded_;
};

// What the values must be together.
void Loader::check() {
  Config& config = loaded_.config;
  const auto need_url = [this](std::string_view key, const std::string& value) {
    if (!value.empty() && !is_http_url(value))
      problem(std::string(key),
              fmt::format("'{}' must begin with http:// or https:// and name a host", value));
  };
  need_url("loki.hostport", config.loki.hostport);
  need_url("slack.webhookurl", config.slack.webhookurl);
  need_url("discord.webhookurl", config.discord.webhookurl);
  need_url("teams.webhookurl", config.teams.webhookurl);
  need_url("webhook.address", config.webhook.address);
  need_url("elasticsearch.hostport", config.elasticsearch.hostport);
  need_url("otlp.logs.endpoint", config.otlp_logs.endpoint);
  for (const std::string& hostport : config.alertmanager.hostport)
    need_url("alertmanager.hostport", hostport);
  const std::pair<std::string_view, std::int64_t> ports[] = {
      {"listenport", config.listenport},
      {"tlsserver.notlsport", config.tlsserver.notlsport},
      {"syslog.port", config.syslog.port}};
  for (const auto& [key, port] : ports) {
    if (port > 65'535) problem(std::string(key), fmt::format("{} is no port", port));
  }
  const std::pair<std::string_view, const std::string*> durations[] = {
      {"spool.maxage", &config.spool.maxage},
      {"spool.keep", &config.spool.keep},
      {"relay.grace", &config.grace},
      {"relay.summaryinterval", &config.summaryinterval},
      {"loki.batchwait", &config.loki.batchwait}};
  for (const auto& [key, text] : durations) {
    if (!milliseconds_of(*text))
      problem(std::string(key), fmt::format("'{}' is no time like 90s, 15m, 1h, 7d", *text));
  }
  if (!config.kafka.hostport.empty() && config.kafka.topic.empty())
    problem("kafka.topic", "kafka.hostport needs a topic");
  for (const auto& [name, text] : config.templatedfields) {
    if (const auto parsed = FieldTemplate::parse(text); !parsed)
      problem("templatedfields." + name, parsed.error().message);
  }
  if (!config.slack.messageformat.empty()) {
    if (const auto parsed = FieldTemplate::parse(config.slack.messageformat); !parsed)
      problem("slack.messageformat", parsed.error().message);
  }
  for (const auto& [priority, severity] : config.alertmanager.customseveritymap) {
    if (!spool::priority_named(priority))
      problem("alertmanager.customseveritymap", fmt::format("'{}' is no priority", priority));
  }
  // A value that is a reference: of the environment, as it is now.
  for (auto& [name, value] : config.customfields) {
    if (!value.starts_with('%')) continue;
    const char* found = environment_(value.c_str() + 1);
    if (found == nullptr) {
      problem("customfields." + name, fmt::format("there is no environment variable {}", value.substr(1)));
    } else {
      value = found;
    }
  }
  for (std::string& path : config.tlsserver.notlspaths) {
    if (!path.starts_with('/')) problem("tlsserver.notlspaths", fmt::format("'{}' is no path", path));
  }
}

}  // namespace

std::optional<std::int64_t> milliseconds_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc() || number < 0 || number > 1'000'000'000) return std::nullopt;
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  for (const auto& [name, factor] : kUnits) {
    if (name == unit) return number * factor;
  }
  return std::nullopt;
}

bool is_http_url(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.starts_with(scheme)) return text.size() > scheme.size() && text[scheme.size()] != '/';
  }
  return false;
}

LoadedConfig load_config_text(const std::string& path, std::string_view text,
                              const Environment& environment) {
  Loader loader(environment);
  loader.read_file(path, text);
  loader.read_environment();
  loader.check();
  return loader.take();
}

LoadedConfig load_config(const std::string& path, const Environment& environment) {
  if (path.empty()) return load_config_text("", "", environment);
  const auto text = read_file(path);
  if (!text) return {.config = {}, .problems = {{path, text.error().message}}, .notes = {}};
  return load_config_text(path, *text, environment);
}

}  // namespace saker::relay
