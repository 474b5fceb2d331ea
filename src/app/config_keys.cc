#include "app/config_keys.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <bit>

#include "wire/records.h"

namespace saker::app {
namespace {

using enum KeyType;
using Node = YAML::Node;

// The common case: a switch of the alert format or the like.
template <bool Config::*Member>
std::string set_bool(Config& config, const Node& value) {
  config.*Member = value.as<bool>();
  return {};
}
template <bool alert::Format::*Member>
std::string set_format(Config& config, const Node& value) {
  config.format.*Member = value.as<bool>();
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
  if (bytes < 256 || bytes > SAKER_ARGS_BYTES_MAX) return fmt::format("must be from 256 to {}", SAKER_ARGS_BYTES_MAX);
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

std::string set_priority(Config& config, const Node& value) {
  const auto priority = rules::parse_priority(value.as<std::string>());
  if (!priority) return fmt::format("'{}' is not a priority: use one from emergency to debug", value.as<std::string>());
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
  if (!level) return fmt::format("'{}' is not a log level: use one from emergency to debug", value.as<std::string>());
  switch (*level) {
    case rules::Priority::kDebug: config.log_level = LogLevel::kDebug; break;
    case rules::Priority::kInformational:
    case rules::Priority::kNotice: config.log_level = LogLevel::kInfo; break;
    case rules::Priority::kWarning: config.log_level = LogLevel::kWarning; break;
    default: config.log_level = LogLevel::kError; break;
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

std::string read_extra_fields(const Node& list, rules::AppendOutput& into) {
  for (const Node& item : list) {
    if (item.IsScalar()) {
      into.extra_fields.push_back({item.as<std::string>(), ""});
    } else if (item.IsMap() && item.size() == 1) {
      into.extra_fields.push_back({item.begin()->first.as<std::string>(), item.begin()->second.as<std::string>()});
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
    if (item["extra_output"]) append.extra_output = item["extra_output"].as<std::string>();
    if (item["suggested_output"]) append.suggested_output = item["suggested_output"].as<bool>();
    if (item["extra_fields"]) {
      if (auto problem = read_extra_fields(item["extra_fields"], append); !problem.empty()) return problem;
    }
    config.load.append_output.push_back(std::move(append));
  }
  return {};
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
    {"buffered_outputs", kBool, set_bool<&Config::buffered_outputs>},
    {"stdout_output.enabled", kBool, set_bool<&Config::stdout_enabled>},
    {"log_stderr", kBool, set_bool<&Config::log_stderr>},
    {"log_level", kText, set_log_level},
    {"saker.args_bytes_max", kInteger, set_args_bytes},
    {"saker.ring_bytes", kInteger, set_ring_bytes},
    {"saker.processes_max", kInteger, set_processes},
    {"saker.host_root", kText, set_host_root},

    // Falco's, not honoured: what asks for something is said at start.
    {"config_files", kList, nullptr, ""},
    {"watch_config_files", kBool, nullptr, ""},
    {"engine.modern_ebpf.drop_failed_exit", kBool, nullptr, "false"},
    {"engine.kmod", kMap, nullptr, ""},
    {"engine.ebpf", kMap, nullptr, ""},
    {"engine.gvisor", kMap, nullptr, ""},
    {"engine.replay", kMap, nullptr, ""},
    {"capture.enabled", kBool, nullptr, "false"},
    {"capture.path_prefix", kText, nullptr, ""},
    {"capture.mode", kText, nullptr, ""},
    {"capture.default_duration", kInteger, nullptr, ""},
    {"load_plugins", kTexts, nullptr, ""},  // `container` is built in; others are named by the check below
    {"plugins", kList, nullptr, ""},
    {"plugins_hostinfo", kBool, nullptr, ""},
    {"buffer_format_base64", kBool, nullptr, "false"},
    {"outputs_queue.capacity", kInteger, nullptr, "0"},
    {"static_fields", kMap, nullptr, ""},
    {"syslog_output.enabled", kBool, nullptr, "false"},
    {"file_output.enabled", kBool, nullptr, "false"},
    {"file_output.keep_alive", kBool, nullptr, ""},
    {"file_output.filename", kText, nullptr, ""},
    {"http_output.enabled", kBool, nullptr, "false"},
    {"http_output.url", kText, nullptr, ""},
    {"http_output.user_agent", kText, nullptr, ""},
    {"http_output.insecure", kBool, nullptr, ""},
    {"http_output.ca_cert", kText, nullptr, ""},
    {"http_output.ca_bundle", kText, nullptr, ""},
    {"http_output.ca_path", kText, nullptr, ""},
    {"http_output.mtls", kBool, nullptr, ""},
    {"http_output.client_cert", kText, nullptr, ""},
    {"http_output.client_key", kText, nullptr, ""},
    {"http_output.echo", kBool, nullptr, ""},
    {"http_output.compress_uploads", kBool, nullptr, ""},
    {"http_output.keep_alive", kBool, nullptr, ""},
    {"http_output.max_consecutive_timeouts", kInteger, nullptr, ""},
    {"program_output.enabled", kBool, nullptr, "false"},
    {"program_output.keep_alive", kBool, nullptr, ""},
    {"program_output.program", kText, nullptr, ""},
    {"grpc_output.enabled", kBool, nullptr, "false"},
    {"grpc.enabled", kBool, nullptr, "false"},
    {"grpc.bind_address", kText, nullptr, ""},
    {"grpc.threadiness", kInteger, nullptr, ""},
    {"webserver.enabled", kBool, nullptr, "false"},
    {"webserver.threadiness", kInteger, nullptr, ""},
    {"webserver.listen_port", kInteger, nullptr, ""},
    {"webserver.listen_address", kText, nullptr, ""},
    {"webserver.k8s_healthz_endpoint", kText, nullptr, ""},
    {"webserver.prometheus_metrics_enabled", kBool, nullptr, ""},
    {"webserver.ssl_enabled", kBool, nullptr, ""},
    {"webserver.ssl_certificate", kText, nullptr, ""},
    {"log_syslog", kBool, nullptr, "false"},
    {"libs_logger.enabled", kBool, nullptr, ""},
    {"libs_logger.severity", kText, nullptr, ""},
    {"output_timeout", kInteger, nullptr, ""},
    {"syscall_event_timeouts.max_consecutives", kInteger, nullptr, ""},
    {"syscall_event_drops.threshold", kNumber, nullptr, ""},
    {"syscall_event_drops.actions", kTexts, nullptr, ""},
    {"syscall_event_drops.rate", kNumber, nullptr, ""},
    {"syscall_event_drops.max_burst", kInteger, nullptr, ""},
    {"syscall_event_drops.simulate_drops", kBool, nullptr, "false"},
    {"metrics.enabled", kBool, nullptr, "false"},
    {"metrics.interval", kText, nullptr, ""},
    {"metrics.output_rule", kBool, nullptr, ""},
    {"metrics.output_file", kText, nullptr, ""},
    {"metrics.rules_counters_enabled", kBool, nullptr, ""},
    {"metrics.resource_utilization_enabled", kBool, nullptr, ""},
    {"metrics.state_counters_enabled", kBool, nullptr, ""},
    {"metrics.kernel_event_counters_enabled", kBool, nullptr, ""},
    {"metrics.kernel_event_counters_per_cpu_enabled", kBool, nullptr, ""},
    {"metrics.libbpf_stats_enabled", kBool, nullptr, ""},
    {"metrics.plugins_metrics_enabled", kBool, nullptr, ""},
    {"metrics.jemalloc_stats_enabled", kBool, nullptr, ""},
    {"metrics.convert_memory_to_mb", kBool, nullptr, ""},
    {"metrics.include_empty_values", kBool, nullptr, ""},
    {"base_syscalls.custom_set", kTexts, nullptr, ""},
    {"base_syscalls.repair", kBool, nullptr, "false"},
    {"base_syscalls.all", kBool, nullptr, "false"},
    {"falco_libs", kMap, nullptr, ""},
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

}  // namespace saker::app
