// Config: what saker-relay is told, with Falcosidekick's names in Falcosidekick's places.
//
// From a YAML file and from the environment, which wins: `loki.hostport` is LOKI_HOSTPORT. An empty value,
// there or here, is none. A key that is not known, a word that is no priority, a number that is none: each is
// an error with the nearest known name, and all of them are told at once. Keys of outputs that Falcosidekick
// has and this program has not are errors when they would switch such an output on, else ignored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spool/priority.h"

namespace saker::relay {

using Texts = std::vector<std::string>;
using Pairs = std::map<std::string, std::string>;

// What every sink over HTTP can be told.
struct SinkKeys {
  spool::Priority minimumpriority = spool::Priority::kDebug;
  bool checkcert = true;
  bool mutualtls = false;
  std::int64_t maxconcurrentrequests = 1;  // one batch at a time keeps the order; more is not needed
  Pairs customheaders;
};

struct LokiKeys : SinkKeys {
  std::string hostport, endpoint = "/loki/api/v1/push", user, apikey, tenant, format = "text", bearertoken,
                        encoding = "snappy";
  Texts extralabels;
  std::int64_t batchbytes = 1 << 20;
  std::string batchwait = "1s";
};
struct ChatKeys : SinkKeys {
  std::string webhookurl, channel, footer, icon, username, outputformat = "all", messageformat, activityimage;
};
struct WebhookKeys : SinkKeys {
  std::string address, method = "POST";
};
struct AlertmanagerKeys : SinkKeys {
  Texts hostport;
  std::string endpoint = "/api/v2/alerts";
  std::int64_t expiresafter = 0;  // seconds
  Pairs extralabels, extraannotations, customseveritymap;
};
struct ElasticsearchKeys : SinkKeys {
  std::string hostport, index = "falco", type, suffix = "daily", username, password, apikey, pipeline;
  bool enablecompression = false;
};
struct KafkaKeys {
  std::string hostport, topic, sasl, username, password, clientid, compression = "NONE", balancer,
                                                                   requiredacks = "ALL";
  bool tls = false, async = false, topiccreation = false;
  std::string cacertfile;
  spool::Priority minimumpriority = spool::Priority::kDebug;
};
struct SyslogKeys {
  std::string host, protocol = "tcp", format = "json";
  std::int64_t port = 514;
  spool::Priority minimumpriority = spool::Priority::kDebug;
};
struct OtlpKeys : SinkKeys {
  std::string endpoint, protocol = "http/json";
  Pairs headers;
  std::int64_t timeout = 10'000;  // milliseconds
};

struct Config {
  std::string listenaddress;
  std::int64_t listenport = 2801;
  bool debug = false;
  Pairs customfields, templatedfields;
  Texts customtags;
  std::string bracketreplacer, outputfieldformat;

  std::string mutualtlsfilespath = "/etc/certs", client_certfile, client_keyfile, client_cacertfile;
  std::string tls_cacertfile;  // tlsclient.cacertfile
  struct {
    bool deploy = false, mutualtls = false;
    std::string certfile = "/etc/certs/server/server.crt", keyfile = "/etc/certs/server/server.key",
                cacertfile = "/etc/certs/server/ca.crt";
    std::int64_t notlsport = 2810;
    Texts notlspaths;
  } tlsserver;
  Texts prometheus_extralabels;

  LokiKeys loki;
  ChatKeys slack, discord, teams;
  WebhookKeys webhook;
  AlertmanagerKeys alertmanager;
  ElasticsearchKeys elasticsearch;
  KafkaKeys kafka;
  SyslogKeys syslog;
  OtlpKeys otlp_logs;
  struct {
    std::string path;
    spool::Priority minimumpriority = spool::Priority::kDebug;
  } file;
  struct {
    bool enabled = false;
    spool::Priority minimumpriority = spool::Priority::kDebug;
  } standard_output;

  // This program's own.
  struct {
    std::string path = "/var/lib/saker-relay", maxage = "7d", keep = "0s";
    std::int64_t maxbytes = 512LL << 20;
  } spool;
  std::int64_t bodybytes = 4 << 20, connections = 512, seriesmax = 2000;
  std::string grace = "20s", summaryinterval = "60s";
};

struct ConfigProblem {
  std::string where;  // "file.yaml:3:5" or the variable's name
  std::string message;
};

struct LoadedConfig {
  Config config;
  std::vector<ConfigProblem> problems;  // with any of them the configuration must not be used
  std::vector<ConfigProblem> notes;     // ignored, and worth saying
};

using Environment = std::function<const char*(const char* name)>;

// `path` may be empty. The text of the file is read as YAML. Never throws.
LoadedConfig load_config(const std::string& path, const Environment& environment);
LoadedConfig load_config_text(const std::string& path, std::string_view text, const Environment& environment);

// "90", "90s", "15m", "1h", "7d", "500ms".
std::optional<std::int64_t> milliseconds_of(std::string_view text);

// "host:port" of hostport and the like hold these; for the shape of a URL.
bool is_http_url(std::string_view text);

}  // namespace saker::relay
