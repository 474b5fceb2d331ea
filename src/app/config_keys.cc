#include "app/config_keys.h"

#include "event/types.h"

#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <bit>

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
  config.processes_max = static_cast<std::uint32_t>(count);
  return {};
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
  } else {
    return "must be auto, one (a hook for all calls) or each (one for each wanted call)";
  }
  return {};
}

std::string set_nothing(Config&, const Node&) { return {}; }

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

std::string read_extra_fields(const Node& list, rules::AppendOutput& into) {
  for (const Node& item : list) {
    if (item.IsScalar()) {
      const auto name = item.as<std::string>();
      const auto prefix = fields::syscall_catalogue().resolve_prefix(name);
      if (!prefix.ref || prefix.length != name.size()) return fmt::format("'{}' is not a field", name);
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

// What a value of a key without effect asks for.
bool is_true(const Node& value) { return value.as<bool>(); }
bool is_not_empty(const Node& value) { return value.size() > 0; }
bool names_existing_path(const Node& value) {
  for (const Node& item : value) {
    const Node path = item.IsMap() ? item["path"] : item;
    if (path && path.IsScalar() && access(path.Scalar().c_str(), F_OK) == 0) return true;
  }
  return false;
}
bool names_other_plugin(const Node& value) {  // this one is built in
  for (const Node& name : value) {
    if (name.Scalar() != "container") return true;
  }
  return false;
}

constexpr ConfigKey kKeys[] = {
    // Honoured.
    {"rules_files", kTexts, set_rules_files},
    {"rules_file", kTexts, set_rules_files},
    {"rules", kList, set_selection},
    {"rule_matching", kText, set_matching},
    {"priority", kText, set_priority},
    {"append_output", kList, set_append_output},
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
    {"output_timeout", kInteger, set_output_timeout},
    {"syscall_event_drops.threshold", kNumber, set_drop_threshold},
    {"syscall_event_drops.actions", kTexts, set_drop_actions},
    {"syscall_event_drops.rate", kNumber, set_drop_rate},
    {"syscall_event_drops.max_burst", kInteger, set_drop_burst},
    {"syscall_event_drops.simulate_drops", kBool, SET(drops.simulate)},
    {"watch_config_files", kBool, SET(watch_config_files)},
    {"log_stderr", kBool, SET(log_stderr)},
    {"log_level", kText, set_log_level},
    {"saker.args_bytes_max", kInteger, set_args_bytes},
    {"saker.ring_bytes", kInteger, set_ring_bytes},
    {"saker.processes_max", kInteger, set_processes},
    {"saker.host_root", kText, set_host_root},
    {"engine.modern_ebpf.drop_failed_exit", kBool, SET(plan.drop_failed_exit)},
    {"base_syscalls.custom_set", kTexts, set_base_syscalls},
    // State needs no system calls here, and rules ask for theirs.
    {"base_syscalls.repair", kBool, set_nothing},
    {"base_syscalls.all", kBool, set_nothing},
    {"saker.plan.enabled", kBool, SET(plan.enabled)},
    {"saker.call_hooks", kText, set_call_hooks},
    {"saker.force_probe_read", kBool, SET(driver.force_probe_read)},  // as before Linux 6.2, to test that
    {"saker.plan.compare", kBool, SET(plan.compare)},

    // Falco's, not honoured: what asks for something is said at start.
    {"config_files", kList, nullptr, names_existing_path},
    {"engine.kmod", kMap},
    {"engine.ebpf", kMap},
    {"engine.gvisor", kMap},
    {"engine.replay", kMap},
    {"capture.enabled", kBool, nullptr, is_true},
    {"capture.path_prefix", kText},
    {"capture.mode", kText},
    {"capture.default_duration", kInteger},
    {"load_plugins", kTexts, nullptr, names_other_plugin},
    {"plugins", kList},
    {"plugins_hostinfo", kBool},
    {"buffer_format_base64", kBool, nullptr, is_true},
    {"static_fields", kMap, nullptr, is_not_empty},
    {"grpc_output.enabled", kBool, nullptr, is_true},
    {"grpc.enabled", kBool, nullptr, is_true},
    {"grpc.bind_address", kText},
    {"grpc.threadiness", kInteger},
    {"webserver.enabled", kBool, nullptr, is_true},
    {"webserver.threadiness", kInteger},
    {"webserver.listen_port", kInteger},
    {"webserver.listen_address", kText},
    {"webserver.k8s_healthz_endpoint", kText},
    {"webserver.prometheus_metrics_enabled", kBool},
    {"webserver.ssl_enabled", kBool},
    {"webserver.ssl_certificate", kText},
    {"log_syslog", kBool, nullptr, is_true},
    {"libs_logger.enabled", kBool},
    {"libs_logger.severity", kText},
    {"syscall_event_timeouts.max_consecutives", kInteger},
    {"metrics.enabled", kBool, nullptr, is_true},
    {"metrics.interval", kText},
    {"metrics.output_rule", kBool},
    {"metrics.output_file", kText},
    {"metrics.rules_counters_enabled", kBool},
    {"metrics.resource_utilization_enabled", kBool},
    {"metrics.state_counters_enabled", kBool},
    {"metrics.kernel_event_counters_enabled", kBool},
    {"metrics.kernel_event_counters_per_cpu_enabled", kBool},
    {"metrics.libbpf_stats_enabled", kBool},
    {"metrics.plugins_metrics_enabled", kBool},
    {"metrics.jemalloc_stats_enabled", kBool},
    {"metrics.convert_memory_to_mb", kBool},
    {"metrics.include_empty_values", kBool},
    {"falco_libs", kMap},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace saker::app
