#include "app/config_keys.h"

#include "app/config_containers.h"
#include "event/types.h"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include "fields/catalogue.h"
#include "rules/output_template.h"
#include "wire/records.h"

namespace saker::app {
namespace {

using enum KeyType;
using Node = YAML::Node;

// The common case: a switch of the alert format or the like.
template <bool alert::Format::* Member>
std::string set_format(Config& config, const Node& value) {
  config.format.*Member = value.as<bool>();
  return {};
}

// A value of any type, anywhere below the configuration: SET(outputs.file.path).
#define SET(member)                                                           \
  [](Config& config, const Node& value) {                                     \
    config.member = value.as<std::remove_cvref_t<decltype(config.member)>>(); \
    return std::string();                                                     \
  }

std::string set_capacity(Config& config, const Node& value) {
  const auto count = value.as<long>();
  if (count < 0) return "must not be negative";
  config.outputs.queue.messages_max = static_cast<std::size_t>(count);
  return {};
}

std::string set_output_timeout(Config& config, const Node& value) {
  const auto timeout_ms = value.as<long>();
  if (timeout_ms < 0 || timeout_ms > 86'400'000)
    return "must be from 0 (never reported) to 86400000 milliseconds";
  config.outputs.timeout_ms = static_cast<std::uint64_t>(timeout_ms);
  return {};
}

std::string set_timeouts_in_a_row(Config& config, const Node& value) {
  const auto count = value.as<long>();
  if (count < 0 || count > 1'000'000) return "must be from 0 to 1000000";
  config.outputs.http.max_consecutive_timeouts = static_cast<std::uint32_t>(count);
  return {};
}

std::string set_http_timeout(Config& config, const Node& value) {
  const auto timeout_ms = value.as<long>();
  if (timeout_ms < 100 || timeout_ms > 600'000) return "must be from 100 to 600000 milliseconds";
  config.outputs.http.timeout_ms = static_cast<std::uint32_t>(timeout_ms);
  config.outputs.http.connect_timeout_ms =
      std::min(config.outputs.http.connect_timeout_ms, config.outputs.http.timeout_ms);
  return {};
}

std::string set_port(Config& config, const Node& value) {
  const auto port = value.as<long>();
  if (port < 1 || port > 65'535) return "must be a port from 1 to 65535";
  config.web.port = static_cast<std::uint16_t>(port);
  return {};
}

std::string set_health_path(Config& config, const Node& value) {
  config.web.health_path = value.as<std::string>();
  if (!config.web.health_path.starts_with('/')) return "must begin with /";
  return {};
}

// Falco's durations: numbers with ms, s, m, h, d or w, one after the other, as "1h30m". In nanoseconds.
constexpr const char* kDurationExpected = "must be a duration like 30s, 15m or 1h";
std::optional<std::uint64_t> parse_duration(std::string_view rest) {
  constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}};
  std::uint64_t total_ms = 0;
  if (rest.empty()) return std::nullopt;
  while (!rest.empty()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number > 100'000) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view word = rest.substr(0, rest.find_first_not_of("msdhw"));
    const auto unit = std::ranges::find(kUnits, word, &std::pair<std::string_view, std::uint64_t>::first);
    if (unit == std::end(kUnits)) return std::nullopt;
    total_ms += number * unit->second;
    rest.remove_prefix(word.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  return total_ms * 1'000'000;
}

std::string set_metrics_interval(Config& config, const Node& value) {
  const auto interval = parse_duration(value.as<std::string>());
  if (!interval) return kDurationExpected;
  if (*interval < 100'000'000) return "must be 100ms or longer";
  config.metrics.interval_ns = *interval;
  return {};
}

std::string set_drop_threshold(Config& config, const Node& value) {
  config.drops.threshold = value.as<double>();
  if (!(config.drops.threshold >= 0 && config.drops.threshold <= 1)) return "must be a share from 0 to 1";
  return {};
}

std::string set_drop_actions(Config& config, const Node& value) {
  config.drops.log = config.drops.alert = config.drops.exit = false;
  bool ignore = false;
  for (const Node& action : value) {
    const auto word = action.as<std::string>();
    if (word == "ignore") {
      ignore = true;
    } else if (word == "log") {
      config.drops.log = true;
    } else if (word == "alert") {
      config.drops.alert = true;
    } else if (word == "exit") {
      config.drops.exit = true;
    } else {
      return fmt::format("'{}' must be ignore, log, alert or exit", word);
    }
  }
  if (ignore && value.size() > 1) return "ignore cannot stand beside other actions";
  return {};
}

std::string set_drop_rate(Config& config, const Node& value) {
  config.drops.rate = value.as<double>();
  if (!(config.drops.rate >= 0)) return "must not be negative";
  return {};
}

std::string set_drop_burst(Config& config, const Node& value) {
  const auto burst = value.as<long>();
  if (burst < 1 || burst > 1'000'000) return "must be from 1 to 1000000";
  config.drops.max_burst = static_cast<std::uint32_t>(burst);
  return {};
}

std::string set_queue_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < 65'536 || bytes > (1L << 32)) return "must be from 65536 to 4294967296";
  config.outputs.queue.bytes_max = static_cast<std::size_t>(bytes);
  return {};
}

std::string set_store_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < (1L << 20) || bytes > (1L << 40)) return "must be from 1048576 to 1099511627776";
  config.outputs.store.bytes_max = static_cast<std::uint64_t>(bytes);
  return {};
}

std::string set_spool_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < (1L << 20) || bytes > (1L << 40)) return "must be from 1048576 to 1099511627776";
  config.outputs.http_spool.bytes_max = static_cast<std::uint64_t>(bytes);
  return {};
}

std::string set_spool_age(Config& config, const Node& value) {
  const auto age = parse_duration(value.as<std::string>());
  if (!age) return kDurationExpected;
  if (*age < 1'000'000'000) return "must be 1s or longer";
  config.outputs.http_spool.age_max = std::chrono::seconds(*age / 1'000'000'000);
  return {};
}

std::string set_store_keep(Config& config, const Node& value) {
  const auto keep = parse_duration(value.as<std::string>());
  if (!keep) return kDurationExpected;
  if (*keep < 1'000'000'000) return "must be 1s or longer";
  config.outputs.store.keep = std::chrono::seconds(*keep / 1'000'000'000);
  return {};
}

std::string set_rules_files(Config& config, const Node& value) {
  config.rules_files = value.as<std::vector<std::string>>();
  return {};
}

std::string set_engine(Config& config, const Node& value) {
  const auto kind = value.as<std::string>();
  if (kind == "modern_ebpf") {
    config.engine = Engine::kModernEbpf;
  } else if (kind == "nodriver") {
    config.engine = Engine::kNone;
  } else {
    return fmt::format("engine '{}' is not supported: use modern_ebpf or nodriver", kind);
  }
  return {};
}

std::string set_ring_preset(Config& config, const Node& value) {
  const auto preset = value.as<long>();
  if (preset < 1 || preset > 10) return "must be from 1 (1 MB) to 10 (512 MB)";
  // Falco's sizes are for a driver that sends everything. Its default, 4, keeps our own default.
  if (preset != 4) config.driver.ring_bytes = std::uint32_t{1} << (19 + preset);
  return {};
}

std::string set_cpus_per_ring(Config& config, const Node& value) {
  const auto cpus = value.as<long>();
  if (cpus < 0 || cpus > 4096) return "must be from 0 (one buffer in all) to 4096";
  config.driver.cpus_per_ring = static_cast<std::uint32_t>(cpus);
  return {};
}

std::string set_ring_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < 4096 || bytes > (1L << 30) || !std::has_single_bit(static_cast<std::uint64_t>(bytes))) {
    return "must be a power of two from 4096 to 1073741824";
  }
  config.driver.ring_bytes = static_cast<std::uint32_t>(bytes);
  return {};
}

std::string set_args_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < 256 || bytes > SAKER_ARGS_BYTES_MAX)
    return fmt::format("must be from 256 to {}", SAKER_ARGS_BYTES_MAX);
  config.driver.args_bytes_max = static_cast<std::uint32_t>(bytes);
  return {};
}

std::string set_processes(Config& config, const Node& value) {
  const auto count = value.as<long>();
  if (count < 1024 || count > 4'194'304) return "must be from 1024 to 4194304";
  config.processes.processes_max = static_cast<std::size_t>(count);
  return {};
}

std::string set_process_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes != 0 && bytes < 1'048'576) return "must be 0 (as much as there is) or 1048576 at least";
  if (bytes != 0) config.processes.bytes_max = static_cast<std::size_t>(bytes);
  return {};
}

// Falco's name for processes_max. Its default keeps ours.
std::string set_thread_table(Config& config, const Node& value) {
  const auto count = value.as<long>();
  if (count < 0) return "must not be negative";
  if (count == 0 || count == 262'144) return {};
  config.processes.processes_max = static_cast<std::size_t>(std::clamp(count, 1024L, 4'194'304L));
  return {};
}

std::string set_snaplen(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < 0 || bytes > 65'535) return "must be from 0 to 65535";
  config.driver.data_bytes_max = static_cast<std::uint32_t>(std::min<long>(bytes, SAKER_DATA_BYTES_MAX));
  return {};
}

std::string set_config_files(Config& config, const Node& value) {
  config.config_files.clear();
  return read_config_files(value, config.config_files);
}

std::string set_host_root(Config& config, const Node& value) {
  config.host_root = value.as<std::string>();
  if (!config.host_root.empty() && config.host_root.front() != '/') return "must be an absolute path";
  while (!config.host_root.empty() && config.host_root.back() == '/') config.host_root.pop_back();
  return {};
}

// Falco's list says what is read for the engine's state beside what the rules want. The kernel is asked for
// state here, so only names with `!` change anything.
std::string set_base_syscalls(Config& config, const Node& value) {
  config.plan.never.clear();
  for (const auto& entry : value.as<std::vector<std::string>>()) {
    const bool excluded = entry.starts_with('!');
    const auto type = event::find_type(std::string_view(entry).substr(excluded ? 1 : 0));
    if (!type) return fmt::format("unknown system call '{}'", entry);
    if (excluded) config.plan.never.push_back(*type);
  }
  return {};
}

std::string set_call_hooks(Config& config, const Node& value) {
  const auto kind = value.as<std::string>();
  if (kind == "auto") {
    config.driver.call_hooks = capture::CallHooksKind::kAuto;
  } else if (kind == "one") {
    config.driver.call_hooks = capture::CallHooksKind::kOne;
  } else if (kind == "each") {
    config.driver.call_hooks = capture::CallHooksKind::kEach;
  } else if (kind == "functions") {
    config.driver.call_hooks = capture::CallHooksKind::kFunctions;
  } else {
    return "must be auto, one (a hook for all calls), each (one for each wanted call) or functions (at the "
           "functions of wanted calls)";
  }
  return {};
}

// Features of the kernel that are not to be used.
std::string set_without(Config& config, const Node& value) {
  config.driver.without.reset();
  for (const auto& name : value.as<std::vector<std::string>>()) {
    const auto feature = capture::find_feature(name);
    if (!feature) return fmt::format("unknown feature '{}': there are {}", name, capture::feature_names());
    config.driver.without.set(static_cast<std::size_t>(*feature));
  }
  return {};
}

std::string set_nothing(Config&, const Node&) { return {}; }

std::string set_plugins(Config& config, const Node& value) {
  return read_plugins(value, config.metadata.engines);
}

std::string set_container_engines(Config& config, const Node& value) {
  return read_container_engines(value, config.metadata.engines);
}

std::string set_metadata_wait(Config& config, const Node& value) {
  const auto ms = value.as<long>();
  if (ms < 0 || ms > 5000) return "must be from 0 (never wait) to 5000";
  config.metadata.wait_ns = static_cast<std::uint64_t>(ms) * 1'000'000;
  return {};
}

std::string set_held_events(Config& config, const Node& value) {
  const auto count = value.as<long>();
  if (count < 0 || count > 1'048'576) return "must be from 0 to 1048576";
  config.metadata.held_events_max = static_cast<std::size_t>(count);
  return {};
}

std::string set_held_bytes(Config& config, const Node& value) {
  const auto bytes = value.as<long>();
  if (bytes < 0 || bytes > (1L << 30)) return "must be from 0 to 1073741824";
  config.metadata.held_bytes_max = static_cast<std::size_t>(bytes);
  return {};
}

std::string set_priority(Config& config, const Node& value) {
  const auto priority = rules::parse_priority(value.as<std::string>());
  if (!priority)
    return fmt::format("'{}' is not a priority: use one from emergency to debug", value.as<std::string>());
  config.load.minimum_priority = *priority;
  return {};
}

std::string set_matching(Config& config, const Node& value) {
  const auto text = value.as<std::string>();
  if (text != "first" && text != "all") return fmt::format("'{}' must be first or all", text);
  config.load.matching = text == "all" ? rules::Matching::kAll : rules::Matching::kFirst;
  return {};
}

std::string set_log_level(Config& config, const Node& value) {
  const auto level = rules::parse_priority(value.as<std::string>());
  if (!level)
    return fmt::format("'{}' is not a log level: use one from emergency to debug", value.as<std::string>());
  switch (*level) {
    case rules::Priority::kDebug:
      config.log_level = LogLevel::kDebug;
      break;
    case rules::Priority::kInformational:
    case rules::Priority::kNotice:
      config.log_level = LogLevel::kInfo;
      break;
    case rules::Priority::kWarning:
      config.log_level = LogLevel::kWarning;
      break;
    default:
      config.log_level = LogLevel::kError;
      break;
  }
  return {};
}

// rules: [{enable: {rule: X*}}, {disable: {tag: Y}}]
std::string set_selection(Config& config, const Node& value) {
  config.load.selection.clear();
  for (const Node& item : value) {
    if (!item.IsMap()) return "each entry must be a map with enable or disable";
    for (const auto& entry : item) {
      const Node& what = entry.second;
      const auto word = entry.first.as<std::string>();
      if ((word != "enable" && word != "disable") || !what.IsMap()) {
        return fmt::format("'{}' must be enable or disable, followed by rule or tag", word);
      }
      rules::Selection selection;
      selection.enable = word == "enable";
      if (what["rule"]) selection.rule = what["rule"].as<std::string>();
      if (what["tag"]) selection.tag = what["tag"].as<std::string>();
      config.load.selection.push_back(std::move(selection));
    }
  }
  return {};
}

// The first problem of a template, as a sentence; the rules would have it on every rule.
std::string check_template(const std::string& text) {
  const auto parsed = rules::OutputTemplate::parse(text, fields::syscall_catalogue());
  if (parsed.problems.empty()) return {};
  const rules::CompileProblem& first = parsed.problems.front();
  return fmt::format("\"{}\": {}{}", text, first.message,
                     first.suggestion.empty() ? "" : fmt::format("; did you mean '{}'?", first.suggestion));
}

bool is_field(const std::string& name) {
  const auto prefix = fields::syscall_catalogue().resolve_prefix(name);
  return prefix.ref && prefix.length == name.size();
}

std::string read_extra_fields(const Node& list, rules::AppendOutput& into) {
  for (const Node& item : list) {
    if (item.IsScalar()) {
      const auto name = item.as<std::string>();
      if (!is_field(name)) return fmt::format("'{}' is not a field", name);
      into.extra_fields.push_back({name, ""});
    } else if (item.IsMap() && item.size() == 1) {
      const auto text = item.begin()->second.as<std::string>();
      if (auto problem = check_template(text); !problem.empty()) return problem;
      into.extra_fields.push_back({item.begin()->first.as<std::string>(), text});
    } else {
      return "extra_fields must hold field names or single NAME: TEMPLATE maps";
    }
  }
  return {};
}

std::string set_static_fields(Config& config, const Node& value) {
  config.format.static_fields.clear();
  for (const auto& entry : value) {
    const auto name = entry.first.as<std::string>();
    if (!entry.second.IsScalar()) return fmt::format("'{}' must be a text", name);
    config.format.static_fields[name] = entry.second.Scalar();
  }
  return {};
}

std::string set_append_output(Config& config, const Node& value) {
  config.load.append_output.clear();
  for (const Node& item : value) {
    if (!item.IsMap()) return "each entry must be a map";
    rules::AppendOutput append;
    if (const Node match = item["match"]; match && match.IsMap()) {
      if (match["source"]) append.match_source = match["source"].as<std::string>();
      if (match["rule"]) append.match_rule = match["rule"].as<std::string>();
      if (match["tags"]) append.match_tags = match["tags"].as<std::vector<std::string>>();
    }
    if (item["extra_output"]) {
      append.extra_output = item["extra_output"].as<std::string>();
      if (auto problem = check_template(append.extra_output); !problem.empty()) return problem;
    }
    if (item["suggested_output"]) append.suggested_output = item["suggested_output"].as<bool>();
    if (item["extra_fields"]) {
      if (auto problem = read_extra_fields(item["extra_fields"], append); !problem.empty()) return problem;
    }
    config.load.append_output.push_back(std::move(append));
  }
  return {};
}

std::string read_rate_limit(const Node& item, alert::RateLimit& into) {
  for (const auto& entry : item) {
    const auto name = entry.first.as<std::string>();
    const Node& value = entry.second;
    if (name == "rule") {
      into.rule = value.as<std::string>();
    } else if (name == "tag") {
      into.tag = value.as<std::string>();
    } else if (name == "rate") {
      into.rate = value.as<double>();
    } else if (name == "burst") {
      into.burst = value.as<double>();
    } else if (name == "key") {
      into.key =
          value.IsScalar() ? std::vector{value.as<std::string>()} : value.as<std::vector<std::string>>();
    } else if (name == "window") {
      const auto window_ns = parse_duration(value.as<std::string>());
      if (!window_ns) return fmt::format("window: {}", kDurationExpected);
      into.window_ns = *window_ns;
    } else {
      return fmt::format("'{}' must be rule, tag, rate, burst, key or window", name);
    }
  }
  for (const std::string& field : into.key) {
    if (!is_field(field)) return fmt::format("key: '{}' is not a field", field);
  }
  if (!(into.rate >= 0)) return "rate must not be negative";
  if (!(into.burst >= 1)) return "burst must be at least 1";
  if (!into.key.empty() && into.window_ns == 0) return "a key needs a window";
  if (into.rate <= 0 && into.window_ns == 0) return "an entry needs a rate, or a window with a key";
  return {};
}

std::string set_rate_control(Config& config, const Node& value) {
  config.rate_limits.clear();
  for (const Node& item : value) {
    if (!item.IsMap()) return "each entry must be a map";
    if (auto problem = read_rate_limit(item, config.rate_limits.emplace_back()); !problem.empty())
      return problem;
  }
  return {};
}

// What a value of a key without effect asks for.
bool is_true(const Node& value) { return value.as<bool>(); }
bool names_other_plugin(const Node& value) {  // this one is built in
  for (const Node& name : value) {
    if (name.Scalar() != "container") return true;
  }
  return false;
}

// Falco's own default asks for nothing: its file names every key.
#define UNLESS(text) [](const Node& value) { return value.Scalar() != (text); }

constexpr ConfigKey kKeys[] = {
    // Honoured.
    {"rules_files", kTexts, set_rules_files},
    {"rules_file", kTexts, set_rules_files},
    {"rules", kList, set_selection},
    {"rule_matching", kText, set_matching},
    {"priority", kText, set_priority},
    {"append_output", kList, set_append_output},
    {"static_fields", kMap, set_static_fields},
    {"engine.kind", kText, set_engine},
    {"engine.modern_ebpf.buf_size_preset", kInteger, set_ring_preset},
    {"engine.modern_ebpf.cpus_for_each_buffer", kInteger, set_cpus_per_ring},
    {"json_output", kBool, set_format<&alert::Format::json>},
    {"json_include_output_property", kBool, set_format<&alert::Format::json_include_output>},
    {"json_include_message_property", kBool, set_format<&alert::Format::json_include_message>},
    {"json_include_output_fields_property", kBool, set_format<&alert::Format::json_include_output_fields>},
    {"json_include_tags_property", kBool, set_format<&alert::Format::json_include_tags>},
    {"time_format_iso_8601", kBool, set_format<&alert::Format::time_iso_8601>},
    {"buffered_outputs", kBool, SET(outputs.buffered)},
    {"outputs_queue.capacity", kInteger, set_capacity},
    {"saker.outputs_queue_bytes", kInteger, set_queue_bytes},
    {"saker.store.enabled", kBool, SET(outputs.store_enabled)},
    {"saker.store.path", kText, SET(outputs.store.folder)},
    {"saker.store.max_bytes", kInteger, set_store_bytes},
    {"saker.store.keep", kText, set_store_keep},
    {"stdout_output.enabled", kBool, SET(outputs.stdout_enabled)},
    {"syslog_output.enabled", kBool, SET(outputs.syslog_enabled)},
    {"file_output.enabled", kBool, SET(outputs.file_enabled)},
    {"file_output.keep_alive", kBool, SET(outputs.file.keep_alive)},
    {"file_output.filename", kText, SET(outputs.file.path)},
    {"program_output.enabled", kBool, SET(outputs.program_enabled)},
    {"program_output.keep_alive", kBool, SET(outputs.program.keep_alive)},
    {"program_output.program", kText, SET(outputs.program.command)},
    {"http_output.enabled", kBool, SET(outputs.http_enabled)},
    {"http_output.url", kText, SET(outputs.http.url)},
    {"http_output.user_agent", kText, SET(outputs.http.user_agent)},
    {"http_output.insecure", kBool, SET(outputs.http.insecure)},
    {"http_output.ca_cert", kText, SET(outputs.http.ca_cert)},
    {"http_output.ca_bundle", kText, SET(outputs.http.ca_bundle)},
    {"http_output.ca_path", kText, SET(outputs.http.ca_path)},
    {"http_output.mtls", kBool, SET(outputs.http.mtls)},
    {"http_output.client_cert", kText, SET(outputs.http.client_cert)},
    {"http_output.client_key", kText, SET(outputs.http.client_key)},
    {"http_output.echo", kBool, SET(outputs.http.echo)},
    {"http_output.compress_uploads", kBool, SET(outputs.http.compress)},
    {"http_output.keep_alive", kBool, SET(outputs.http.keep_alive)},
    {"http_output.max_consecutive_timeouts", kInteger, set_timeouts_in_a_row},
    {"saker.http_output_timeout_ms", kInteger, set_http_timeout},
    {"saker.http_spool.enabled", kBool, SET(outputs.http_spool_enabled)},
    {"saker.http_spool.path", kText, SET(outputs.http_spool.folder)},
    {"saker.http_spool.max_bytes", kInteger, set_spool_bytes},
    {"saker.http_spool.max_age", kText, set_spool_age},
    {"output_timeout", kInteger, set_output_timeout},
    {"syscall_event_drops.threshold", kNumber, set_drop_threshold},
    {"syscall_event_drops.actions", kTexts, set_drop_actions},
    {"syscall_event_drops.rate", kNumber, set_drop_rate},
    {"syscall_event_drops.max_burst", kInteger, set_drop_burst},
    {"syscall_event_drops.simulate_drops", kBool, SET(drops.simulate)},
    {"watch_config_files", kBool, SET(watch_config_files)},
    {"webserver.enabled", kBool, SET(web.enabled)},
    {"webserver.threadiness", kInteger, nullptr, UNLESS("0"),
     "the web server has one thread, which waits for nothing"},
    {"webserver.listen_port", kInteger, set_port},
    {"webserver.listen_address", kText, SET(web.address)},
    {"webserver.k8s_healthz_endpoint", kText, set_health_path},
    {"webserver.prometheus_metrics_enabled", kBool, SET(web.metrics)},
    {"webserver.ssl_enabled", kBool, SET(web.tls)},
    {"webserver.ssl_certificate", kText, SET(web.certificate)},
    {"metrics.enabled", kBool, SET(metrics.enabled)},
    {"metrics.interval", kText, set_metrics_interval},
    {"metrics.output_rule", kBool, SET(metrics.output_rule)},
    {"metrics.output_file", kText, SET(metrics.output_file)},
    {"metrics.rules_counters_enabled", kBool, SET(web.groups.rules)},
    {"metrics.resource_utilization_enabled", kBool, SET(web.groups.resources)},
    {"metrics.state_counters_enabled", kBool, SET(web.groups.state)},
    {"metrics.kernel_event_counters_enabled", kBool, SET(web.groups.kernel)},
    {"metrics.convert_memory_to_mb", kBool, SET(metrics.megabytes)},
    {"metrics.include_empty_values", kBool, SET(metrics.empty_values)},
    {"saker.sandbox", kBool, SET(sandbox)},
    {"saker.seccomp", kBool, SET(seccomp)},
    {"saker.read_only", kBool, SET(read_only)},
    {"saker.rate_control", kList, set_rate_control},
    {"saker.metrics_nanosecond_timestamps", kBool, SET(web.groups.nanoseconds)},
    {"log_stderr", kBool, SET(log_stderr)},
    {"log_level", kText, set_log_level},
    {"saker.args_bytes_max", kInteger, set_args_bytes},
    {"saker.ring_bytes", kInteger, set_ring_bytes},
    {"saker.processes_max", kInteger, set_processes},
    {"saker.processes_bytes", kInteger, set_process_bytes},
    {"saker.host_root", kText, set_host_root},
    {"engine.modern_ebpf.drop_failed_exit", kBool, SET(plan.drop_failed_exit)},
    {"base_syscalls.custom_set", kTexts, set_base_syscalls},
    // State needs no system calls here, and rules ask for theirs.
    {"base_syscalls.repair", kBool, set_nothing},
    {"base_syscalls.all", kBool, set_nothing},
    {"saker.plan.enabled", kBool, SET(plan.enabled)},
    {"saker.call_hooks", kText, set_call_hooks},
    {"saker.without", kTexts, set_without},
    {"saker.plan.compare", kBool, SET(plan.compare)},
    {"saker.metadata.wait_ms", kInteger, set_metadata_wait},
    {"saker.metadata.held_events_max", kInteger, set_held_events},
    {"saker.metadata.held_bytes_max", kInteger, set_held_bytes},
    {"plugins", kList, set_plugins},
    {"container_engines", kMap, set_container_engines},

    {"config_files", kList, set_config_files},
    {"log_syslog", kBool, SET(log_syslog)},
    {"falco_libs.thread_table_size", kInteger, set_thread_table},
    {"falco_libs.snaplen", kInteger, set_snaplen},

    // Falco's, not honoured: what asks for something is said at start, with the reason.
    {"engine.kmod", kMap},
    {"engine.ebpf", kMap},
    {"engine.gvisor", kMap},
    {"engine.replay", kMap},
    {"capture.enabled", kBool, nullptr, is_true, "captures are not written"},
    {"capture.path_prefix", kText},
    {"capture.mode", kText},
    {"capture.default_duration", kInteger},
    {"load_plugins", kTexts, nullptr, names_other_plugin,
     "plugins are not loaded; what the container plugin does is built in"},
    {"plugins_hostinfo", kBool, nullptr, UNLESS("true"), "there are no plugins to tell of the host"},
    {"buffer_format_base64", kBool, nullptr, is_true,
     "buffers are shown as text, with what is not printable left out"},
    {"grpc_output.enabled", kBool, nullptr, is_true, "gRPC is not there, as in newer Falco; http_output is"},
    {"grpc.enabled", kBool, nullptr, is_true, "gRPC is not there, as in newer Falco; http_output is"},
    {"grpc.bind_address", kText},
    {"grpc.threadiness", kInteger},
    {"libs_logger.enabled", kBool, nullptr, UNLESS("true"), "there is one log; log_level is its severity"},
    {"libs_logger.severity", kText, nullptr, UNLESS("info"), "there is one log; log_level is its severity"},
    {"syscall_event_timeouts.max_consecutives", kInteger, nullptr, UNLESS("1000"),
     "a quiet machine is no problem here; /healthz says whether events come through"},
    {"metrics.kernel_event_counters_per_cpu_enabled", kBool, nullptr, is_true,
     "counters are summed over CPUs"},
    {"metrics.libbpf_stats_enabled", kBool},  // `saker top` has them: counting costs time in every program
    {"metrics.plugins_metrics_enabled", kBool},
    {"metrics.jemalloc_stats_enabled", kBool, nullptr, is_true, "the agent does not use jemalloc"},
    {"falco_libs.thread_table_auto_purging_interval_s", kInteger, nullptr, UNLESS("300"),
     "processes are forgotten seconds after their end is told"},
    {"falco_libs.thread_table_auto_purging_thread_timeout_s", kInteger, nullptr, UNLESS("300"),
     "processes are forgotten seconds after their end is told"},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace saker::app
