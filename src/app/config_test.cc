#include "app/config.h"

#include "app/memory_budget.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace saker::app {
namespace {

ConfigResult parse(const std::string& text,
                   const std::vector<std::pair<std::string, std::string>>& overrides = {}) {
  return parse_config("saker.yaml", text, overrides);
}

TEST(Config, DefaultsAreFalcos) {
  const ConfigResult result = parse("");
  EXPECT_TRUE(result.report.diagnostics.empty());
  EXPECT_FALSE(result.config.format.json);
  EXPECT_TRUE(result.config.format.json_include_output);
  EXPECT_TRUE(result.config.format.json_include_tags);
  EXPECT_EQ(result.config.load.matching, rules::Matching::kFirst);
  ASSERT_EQ(result.config.load.append_output.size(), 1U);
  EXPECT_TRUE(result.config.load.append_output[0].suggested_output);
}

TEST(Config, ValuesAreTaken) {
  setenv("SAKER_TEST_DIR", "/rules", 1);
  const ConfigResult result = parse(R"(
rules_files: [a.yaml, "${SAKER_TEST_DIR}/b", "$${X}"]
json_output: true
json_include_tags_property: no
buffered_outputs: true
priority: warning
rule_matching: all
log_level: err
log_stderr: true
rules:
  - disable: {rule: "*"}
  - enable: {tag: network}
append_output:
  - match: {rule: X, tags: [a, b]}
    extra_output: "more"
    extra_fields: [proc.name, {k: "v=%proc.pid"}]
static_fields: {cluster: a, number: 7}
saker: {args_bytes_max: 8192, ring_bytes: 65536, host_root: /host/, processes_bytes: 2000000,
        http_spool: {enabled: true, path: /s, max_bytes: 2000000, max_age: 1h}}
)");
  // `err` is not one of Falco's words.
  ASSERT_EQ(result.report.diagnostics.size(), 1U);
  EXPECT_EQ(result.report.diagnostics[0].line, 8U);
  const Config& config = result.config;
  EXPECT_EQ(config.rules_files, (std::vector<std::string>{"a.yaml", "/rules/b", "${X}"}));
  EXPECT_TRUE(config.format.json);
  EXPECT_FALSE(config.format.json_include_tags);
  EXPECT_TRUE(config.outputs.buffered);
  EXPECT_EQ(config.load.minimum_priority, rules::Priority::kWarning);
  EXPECT_EQ(config.load.matching, rules::Matching::kAll);
  ASSERT_EQ(config.load.selection.size(), 2U);
  EXPECT_FALSE(config.load.selection[0].enable);
  EXPECT_EQ(config.load.selection[1].tag, "network");
  ASSERT_EQ(config.load.append_output.size(), 1U);
  EXPECT_EQ(config.load.append_output[0].match_tags.size(), 2U);
  EXPECT_EQ(config.load.append_output[0].extra_fields[1].format, "v=%proc.pid");
  EXPECT_EQ(config.driver.args_bytes_max, 8192U);
  EXPECT_EQ(config.driver.ring_bytes, 65536U);
  EXPECT_EQ(config.host_root, "/host");
  EXPECT_EQ(config.format.static_fields,
            (std::map<std::string, std::string>{{"cluster", "a"}, {"number", "7"}}));
  EXPECT_EQ(config.processes.bytes_max, 2'000'000U);
  EXPECT_TRUE(config.outputs.http_spool_enabled);
  EXPECT_EQ(config.outputs.http_spool.folder, "/s");
  EXPECT_EQ(config.outputs.http_spool.bytes_max, 2'000'000U);
  EXPECT_EQ(config.outputs.http_spool.age_max, std::chrono::hours(1));
}

TEST(Config, OverridesWin) {
  const ConfigResult result =
      parse("json_output: false\nrules_files: [a, b]\n", {{"json_output", "true"},
                                                          {"rules_files[1]", "c"},
                                                          {"rules_files[]", "d"},
                                                          {"saker.ring_bytes", "4096"}});
  EXPECT_TRUE(result.report.ok());
  EXPECT_TRUE(result.config.format.json);
  EXPECT_EQ(result.config.rules_files, (std::vector<std::string>{"a", "c", "d"}));
  EXPECT_EQ(result.config.driver.ring_bytes, 4096U);
}

// As Falco's documentation writes it: all off, then one on.
TEST(Config, RulesAreChosenByWildcardAndTagOnTheCommandLine) {
  const ConfigResult result = parse(
      "", {{"rules[].disable.rule", "*"}, {"rules[].enable.tag", "login"}, {"rules[].enable.rule", "A*"}});
  EXPECT_TRUE(result.report.ok());
  ASSERT_EQ(result.config.load.selection.size(), 3U);
  EXPECT_FALSE(result.config.load.selection[0].enable);
  EXPECT_EQ(result.config.load.selection[0].rule, "*");
  EXPECT_EQ(result.config.load.selection[1].tag, "login");
  EXPECT_EQ(result.config.load.selection[2].rule, "A*");
}

struct Row {
  const char* text;
  rules::Severity severity;
  std::uint32_t line, column;
  const char* says;
  const char* hint;
};

constexpr auto kError = rules::Severity::kError;
constexpr auto kWarning = rules::Severity::kWarning;

constexpr Row kRows[] = {
    {"json_output: maybe\n", kError, 1, 14, "must be true or false", ""},
    {"\nengine:\n  modern_ebpf:\n    buf_size_preset: big\n", kError, 4, 22, "must be a whole number", ""},
    {"engine: {modern_ebpf: {buf_size_preset: 11}}\n", kError, 1, 41, "from 1", ""},
    {"rules_files: {a: b}\n", kError, 1, 14, "list of texts", ""},
    {"priority: loud\n", kError, 1, 11, "not a priority", ""},
    {"engine: {kind: kmod}\n", kError, 1, 16, "not supported", ""},
    {"engine: fast\n", kError, 1, 9, "must be a map", ""},
    {"saker: {ring_bytes: 5000}\n", kError, 1, 21, "power of two", ""},
    {"a: [b\n", kError, 2, 1, "", ""},
    {"- a\n", kError, 1, 1, "must be a map", ""},
    {"json_outptu: true\n", kWarning, 1, 1, "unknown key 'json_outptu'", "did you mean 'json_output'?"},
    {"grpc: {enabled: yes}\nwebserver: {enabled: off}\n", kWarning, 1, 17,
     "'grpc.enabled' has no effect: gRPC", ""},
    {"load_plugins: [container, k8saudit]\n", kWarning, 1, 15, "load_plugins", ""},
    {"libs_logger: {enabled: true, severity: debug}\n", kWarning, 1, 40, "log_level is its severity", ""},
    {"syscall_event_timeouts: {max_consecutives: 7}\n", kWarning, 1, 44, "/healthz", ""},
    {"webserver: {threadiness: 4}\n", kWarning, 1, 26, "one thread", ""},
    {"falco_libs: {thread_table_auto_purging_interval_s: 5}\n", kWarning, 1, 52, "seconds after their end",
     ""},
    {"static_fields: {a: [b]}\n", kError, 1, 16, "'a' must be a text", ""},
    {"static_fields: x\n", kError, 1, 16, "must be a map", ""},
    {"saker: {processes_bytes: 5}\n", kError, 1, 26, "1048576 at least", ""},
    {"saker: {http_spool: {max_bytes: 5}}\n", kError, 1, 33, "from 1048576", ""},
    {"saker: {http_spool: {max_age: 5}}\n", kError, 1, 31, "a duration like", ""},
    {"capture: {enabled: true}\n", kWarning, 1, 20, "capture.enabled", ""},
    {"base_syscalls: {custom_set: [nosuch]}\n", kError, 1, 29, "unknown system call 'nosuch'", ""},
    {"config_files: [{strategy: append}]\n", kError, 1, 15, "a map with path and strategy", ""},
    {"config_files: [{path: /a, strategy: mix}]\n", kError, 1, 15, "'mix' must be append", ""},
    {"saker: {rate_control: [{rule: X, rate: -1}]}\n", kError, 1, 23, "must not be negative", ""},
    {"saker: {rate_control: [{key: proc.nme, window: 1m}]}\n", kError, 1, 23, "'proc.nme' is not a field",
     ""},
    {"metrics: {interval: soon}\n", kError, 1, 21, "a duration like 30s", ""},
    {"webserver: {listen_port: 70000}\n", kError, 1, 26, "a port", ""},
    {"syscall_event_drops: {actions: [log, explode]}\n", kError, 1, 32, "'explode' must be ignore, log", ""},
    {"syscall_event_drops: {threshold: 2}\n", kError, 1, 34, "from 0 to 1", ""},
    {"output_timeout: -1\n", kError, 1, 17, "must be from 0", ""},
    {"append_output: [{extra_output: \"%proc.nme\"}]\n", kError, 1, 16, "proc.nme", ""},
    {"append_output: [{extra_fields: [proc.nme]}]\n", kError, 1, 16, "'proc.nme' is not a field", ""},
    {"append_output: [{extra_fields: [{k: \"%\"}]}]\n", kError, 1, 16, "must be followed by a field", ""},
    {"rules: [{enable: x}]\n", kError, 1, 8, "enable or disable", ""},
    {"saker: {args_bytes_max: 16385}\n", kError, 1, 25, "from 256 to 16384", ""},
    {"saker: {host_root: host}\n", kError, 1, 20, "absolute path", ""},
    {"saker: {rnig_bytes: 4096}\n", kWarning, 1, 9, "unknown key 'saker.rnig_bytes'",
     "did you mean 'saker.ring_bytes'?"},
};

TEST(Config, ProblemsAreLocated) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.text);
    const ConfigResult result = parse(row.text);
    ASSERT_EQ(result.report.diagnostics.size(), 1U);
    const rules::Diagnostic& found = result.report.diagnostics[0];
    EXPECT_EQ(found.severity, row.severity);
    EXPECT_EQ(result.report.ok(), row.severity == kWarning);
    EXPECT_EQ(found.line, row.line);
    EXPECT_EQ(found.column, row.column);
    EXPECT_NE(found.message.find(row.says), std::string::npos) << found.message;
    EXPECT_EQ(found.hint, row.hint);
  }
}

TEST(Config, OnePathIsAListOfOne) {
  EXPECT_EQ(parse("rules_file: a.yaml\n").config.rules_files, std::vector<std::string>{"a.yaml"});
  const ConfigResult result = parse("rules_files: [a, b]\n", {{"rules_files", "/c.yaml"}});
  EXPECT_TRUE(result.report.ok());
  EXPECT_EQ(result.config.rules_files, std::vector<std::string>{"/c.yaml"});
}

TEST(Config, WhatAsksForNothingIsQuiet) {
  const ConfigResult result = parse(
      "http_output: {enabled: off, url: x}\nload_plugins: [container]\nconfig_files: [/no/such]\n"
      "outputs_queue: {capacity: 0}\nsyscall_event_drops: {actions: [ignore]}\nlibs_logger: {enabled: "
      "true}\n"
      "webserver:\nsyslog_output: {enabled: \"false\"}\n");
  EXPECT_TRUE(result.report.diagnostics.empty()) << result.report.diagnostics.front().message;
}

TEST(Config, TheEnvironmentIsFilledIn) {
  setenv("SAKER_TEST_WORD", "warning", 1);
  unsetenv("SAKER_TEST_UNSET");
  const ConfigResult result = parse(
      "priority: ${SAKER_TEST_WORD}\nsaker: {host_root: \"/a${SAKER_TEST_UNSET}b${\"}\n"
      "rules_files: [&a \"$${SAKER_TEST_WORD}-${SAKER_TEST_WORD}\", *a]\n");
  ASSERT_TRUE(result.report.ok()) << result.report.diagnostics.front().message;
  EXPECT_EQ(result.config.load.minimum_priority, rules::Priority::kWarning);
  EXPECT_EQ(result.config.host_root, "/ab${");
  EXPECT_EQ(result.config.rules_files, std::vector<std::string>(2, "${SAKER_TEST_WORD}-warning"));
}

TEST(Config, FilesAreMergedByTheirStrategy) {
  const std::string main =
      "rules_files: [a]\npriority: debug\nwebserver: {listen_port: 1, listen_address: x}\n";
  const std::string more =
      "rules_files: [b]\npriority: error\nwebserver: {listen_port: 2}\njson_output: true\n";
  struct Merged {
    MergeStrategy strategy;
    std::vector<std::string> rules_files;
    rules::Priority priority;
    std::uint16_t port;
    const char* address;
  };
  const Merged rows[] = {
      {MergeStrategy::kAppend, {"a", "b"}, rules::Priority::kError, 2, "x"},
      {MergeStrategy::kOverride, {"b"}, rules::Priority::kError, 2, "0.0.0.0"},
      {MergeStrategy::kAddOnly, {"a"}, rules::Priority::kDebug, 1, "x"},
  };
  for (const Merged& row : rows) {
    const ConfigResult result = parse_config("main.yaml", main, {}, {{"more.yaml", more, row.strategy}});
    ASSERT_TRUE(result.report.diagnostics.empty());
    EXPECT_EQ(result.config.rules_files, row.rules_files);
    EXPECT_EQ(result.config.load.minimum_priority, row.priority);
    EXPECT_EQ(result.config.web.port, row.port);
    EXPECT_EQ(result.config.web.address, row.address);
    EXPECT_TRUE(result.config.format.json);
  }
}

TEST(Config, AMistakeInAMergedFileHasItsPlace) {
  const ConfigResult result = parse_config("main.yaml", "priority: debug\n", {{"json_output", "true"}},
                                           {{"more.yaml", "\npriority: loud\n", MergeStrategy::kAppend}});
  ASSERT_EQ(result.report.diagnostics.size(), 1U);
  EXPECT_EQ(result.report.diagnostics[0].file, "more.yaml");
  EXPECT_EQ(result.report.diagnostics[0].line, 2U);
  EXPECT_FALSE(result.report.ok());
}

TEST(Config, TheCommandLineWinsOverMergedFiles) {
  const ConfigResult result = parse_config("main.yaml", "", {{"priority", "alert"}, {"no.such", "1"}},
                                           {{"more.yaml", "priority: error\n", MergeStrategy::kAppend}});
  EXPECT_EQ(result.config.load.minimum_priority, rules::Priority::kAlert);
  ASSERT_EQ(result.report.diagnostics.size(), 1U);
  EXPECT_EQ(result.report.diagnostics[0].file, "command line");
}

TEST(Config, LimitsFitIntoTheMemory) {
  Config config;
  fit_into(std::uint64_t{138} << 20, 2, config);
  EXPECT_EQ(config.outputs.queue.bytes_max, std::size_t{8} << 20);  // fits as it is
  EXPECT_EQ(config.processes.bytes_max, (std::size_t{138} << 20) / 8 * 3);
  fit_into(std::uint64_t{16} << 20, 2, config);
  EXPECT_EQ(config.outputs.queue.bytes_max, std::size_t{1} << 20);
  fit_into(std::uint64_t{1} << 40, 2, config);  // never raised
  EXPECT_EQ(config.processes.bytes_max, std::size_t{6} << 20);
}

TEST(Config, RingBuffersOfManyCpusFitIntoTheMemory) {
  struct Machine {
    std::uint32_t cpus, mebibytes, ring_bytes, cpus_per_ring, want_bytes, want_cpus_per_ring;
  };
  constexpr std::uint32_t kOurs = 1 << 20, kFalcos = 8 << 20;
  const Machine machines[] = {
      {2, 138, kOurs, 2, kOurs, 2},         {64, 138, kOurs, 2, kOurs, 2},
      {72, 138, kOurs, 2, 512 << 10, 2},    {256, 138, kOurs, 2, 256 << 10, 2},
      {256, 138, kOurs, 0, kOurs, 0},       {256, 1024, kOurs, 2, kOurs, 2},
      {4, 512, kFalcos, 2, kFalcos, 2},     {64, 512, kFalcos, 2, 4 << 20, 2},
      {4, 512, 512U << 20, 2, 64 << 20, 2}, {4096, 138, kOurs, 2, 128 << 10, 2},
      {4096, 16, kOurs, 2, 64 << 10, 64},   {256, 1, 64 << 10, 2, 64 << 10, 64},
  };
  for (const Machine& row : machines) {
    SCOPED_TRACE(testing::Message() << row.cpus << " CPUs, " << row.mebibytes << " MiB");
    Config config;
    config.driver.ring_bytes = row.ring_bytes;
    config.driver.cpus_per_ring = row.cpus_per_ring;
    fit_into(std::uint64_t{row.mebibytes} << 20, row.cpus, config);
    EXPECT_EQ(config.driver.ring_bytes, row.want_bytes);
    EXPECT_EQ(config.driver.cpus_per_ring, row.want_cpus_per_ring);
  }
}

TEST(Config, TooManyAliasesAreAnError) {
  std::string text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    text += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j > 0 ? ", *a" : "*a") + std::to_string(i - 1);
    text += "]\n";
  }
  const ConfigResult result = parse(text);
  ASSERT_EQ(result.report.diagnostics.size(), 1U);
  EXPECT_NE(result.report.diagnostics[0].message.find("too many values"), std::string::npos);
}

struct BadOverride {
  const char* path;
  const char* value;
  const char* says;
};

constexpr BadOverride kBadOverrides[] = {
    {"json_output", "[", "not YAML"},
    {"json_output", "perhaps", "must be true or false"},
    {"json_output.x", "1", "not a map"},
    {"rules_files[2]", "c", "only 1 items"},
    {"rules_files[x]", "c", "not an index"},
    {"rules_files[0", "c", "']' is missing"},
    {"json_output[0]", "c", "not a list"},
    {"", "c", "a key is missing"},
    {"engine..kind", "c", "a key is missing"},
    {"engine.kind", "ebpf", "'ebpf' is not supported"},
    {"engine", "{kind: gvisor}", "'gvisor' is not supported"},
};

TEST(Config, BadOverridesAreTheCommandLines) {
  for (const BadOverride& row : kBadOverrides) {
    SCOPED_TRACE(std::string(row.path) + "=" + row.value);
    const ConfigResult result = parse("json_output: true\nrules_files: [a]\n", {{row.path, row.value}});
    ASSERT_EQ(result.report.diagnostics.size(), 1U);
    const rules::Diagnostic& found = result.report.diagnostics[0];
    EXPECT_EQ(found.severity, kError);
    EXPECT_EQ(found.file, "command line");
    EXPECT_EQ(found.source_line, std::string(row.path) + "=" + row.value);
    EXPECT_NE(found.message.find(row.says), std::string::npos) << found.message;
  }
}

TEST(Config, AllProblemsAreReported) {
  const ConfigResult result = parse("json_output: 3\npriority: 9\nlog_level: x\n");
  EXPECT_EQ(result.report.diagnostics.size(), 3U);
}

TEST(Config, TheFirstUsersFileLoads) {
  const auto loaded = load_config(SAKER_SHARED_DIR "/data/lumie/falco.yaml", {});
  if (!loaded) GTEST_SKIP() << "the first user's falco.yaml is not here";
  EXPECT_TRUE(loaded->report.ok());
  EXPECT_TRUE(loaded->config.format.json);
  EXPECT_EQ(loaded->config.rules_files.size(), 2U);
  for (const rules::Diagnostic& finding : loaded->report.diagnostics) {
    EXPECT_EQ(finding.message.find("unknown key"), std::string::npos) << finding.message;
  }
}

TEST(Config, TheShippedFileHasNoFindings) {
  const auto loaded = load_config(SAKER_SOURCE_DIR "/saker.yaml", {});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->report.diagnostics.empty());
}

}  // namespace
}  // namespace saker::app
