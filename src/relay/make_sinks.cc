#include "relay/make_sinks.h"

#include "base/log.h"
#include "delivery/sinks/alertmanager_sink.h"
#include "delivery/sinks/chat.h"
#include "delivery/sinks/elasticsearch_sink.h"
#include "delivery/sinks/kafka_sink.h"
#include "delivery/sinks/loki_sink.h"
#include "delivery/sinks/otlp_sink.h"
#include "delivery/sinks/post_each_sink.h"
#include "delivery/sinks/stream_sink.h"
#include "delivery/sinks/syslog_sink.h"
#include "relay/field_template.h"

namespace saker::relay {
namespace {

using namespace delivery;
using spool::Event;

class Maker {
 public:
  explicit Maker(const Config& config) : config_(config) {}

  void add(std::string name, spool::Priority least, std::unique_ptr<Sink> sink) {
    made_.push_back({.config = {.name = std::move(name), .least = least}, .sink = std::move(sink)});
  }

  HttpOptions http(const std::string& name, const SinkKeys& keys) const {
    HttpOptions options;
    options.custom_headers = keys.customheaders;
    options.check_cert = keys.checkcert;
    options.mutual_tls = keys.mutualtls;
    options.ca_file = config_.tls_cacertfile;
    const auto one_of = [this](const std::string& own, const char* usual) {
      return own.empty() ? config_.mutualtlsfilespath + usual : own;
    };
    if (keys.mutualtls) {
      options.client_certificate = one_of(config_.client_certfile, "/client.crt");
      options.client_key = one_of(config_.client_keyfile, "/client.key");
      options.client_ca = one_of(config_.client_cacertfile, "/ca.crt");
    }
    if (keys.maxconcurrentrequests != 1)
      log(LogLevel::kInfo,
          "{}.maxconcurrentrequests has no effect: batches go one after another, which keeps the order",
          name);
    return options;
  }

  void loki();
  void chats();
  void webhook();
  void alertmanager();
  void elasticsearch();
  Result<> kafka();
  void rest();
  std::vector<ConfiguredSink> take() { return std::move(made_); }

 private:
  using Render = std::string (*)(const ChatOptions&, const Event&);
  void chat(const std::string& name, const ChatKeys& keys, const std::string& icon, Render render);

  const Config& config_;
  std::vector<ConfiguredSink> made_;
};

Texts names_of(const Pairs& pairs) {
  Texts names;
  for (const auto& [name, value] : pairs) names.push_back(name);
  return names;
}

void Maker::loki() {
  const LokiKeys& keys = config_.loki;
  if (keys.hostport.empty()) return;
  std::string hostport = keys.hostport;
  while (hostport.ends_with('/')) hostport.pop_back();  // a doubled slash is a redirect
  LokiOptions options;
  options.url = hostport + keys.endpoint;
  options.tenant = keys.tenant;
  options.user = keys.user;
  options.password = keys.apikey;
  options.bearer_token = keys.bearertoken;
  options.format.json = keys.format == "json";
  options.format.custom_fields = names_of(config_.customfields);
  for (const std::string& name : names_of(config_.templatedfields))
    options.format.custom_fields.push_back(name);
  options.format.extra_labels = keys.extralabels;
  options.encoding = keys.encoding == "gzip" ? LokiEncoding::kGzip : LokiEncoding::kSnappy;
  options.http = http("loki", keys);
  options.batch = {.alerts_max = 5000,
                   .bytes_max = static_cast<std::size_t>(keys.batchbytes),
                   .linger = std::chrono::milliseconds(*milliseconds_of(keys.batchwait))};
  add("loki", keys.minimumpriority, make_loki_sink(std::move(options)));
}

void Maker::chat(const std::string& name, const ChatKeys& keys, const std::string& icon, Render render) {
  if (keys.webhookurl.empty()) return;
  ChatOptions chat{.channel = keys.channel, .username = keys.username, .icon = icon, .footer = keys.footer};
  const std::string& format = keys.outputformat;  // Teams calls its fields facts
  chat.content = format == "text"                          ? ChatContent::kText
                 : format == "fields" || format == "facts" ? ChatContent::kFields
                                                           : ChatContent::kAll;
  if (!keys.messageformat.empty()) {
    // Slack's template sees the event itself: {{ .Rule }} and the like beside the fields.
    const auto parsed = std::make_shared<FieldTemplate>(*FieldTemplate::parse(keys.messageformat));
    chat.headline = [parsed](const Event& event) {
      const std::string priority(spool::name_of(event.priority));
      return parsed->render([&](std::string_view field) -> const std::string* {
        if (field == "Rule") return &event.rule;
        if (field == "Priority") return &priority;
        if (field == "Output") return &event.output;
        if (field == "Source") return &event.source;
        if (field == "Hostname") return &event.hostname;
        const spool::Field* found = event.field(field);
        return found != nullptr ? &found->value : nullptr;
      });
    };
  }
  PostEachOptions options;
  options.url = keys.webhookurl;
  options.headers = {"Content-Type: application/json"};
  options.http = http(name, keys);
  options.body = [chat, render](const Event& event, const spool::StoredAlert&) {
    return render(chat, event);
  };
  if (render == &teams_message) {
    // Teams says 200 and puts the number into the text.
    options.second_look = [](AnswerClass answer_class, const CallResult& result) {
      if (answer_class == AnswerClass::kTaken && result->body.find("failed with error") != std::string::npos)
        return AnswerClass::kBusy;
      return answer_class;
    };
  }
  add(name, keys.minimumpriority, make_post_each_sink(std::move(options)));
}

void Maker::chats() {
  chat("slack", config_.slack, config_.slack.icon, &slack_message);
  chat("discord", config_.discord, config_.discord.icon, &discord_message);
  chat("teams", config_.teams, config_.teams.activityimage, &teams_message);
}

void Maker::webhook() {
  const WebhookKeys& keys = config_.webhook;
  if (keys.address.empty()) return;
  PostEachOptions options;
  options.url = keys.address;
  options.method = keys.method;
  options.headers = {"Content-Type: application/json"};
  options.http = http("webhook", keys);
  options.body = [](const Event&, const spool::StoredAlert& alert) { return alert.line; };
  add("webhook", keys.minimumpriority, make_post_each_sink(std::move(options)));
}

void Maker::alertmanager() {
  const AlertmanagerKeys& keys = config_.alertmanager;
  if (keys.hostport.empty()) return;
  AlertmanagerOptions options;
  std::string endpoint = keys.endpoint;
  if (endpoint == "/api/v1/alerts") {
    log(LogLevel::kWarning,
        "alertmanager.endpoint /api/v1/alerts is gone from Alertmanager; /api/v2/alerts is used");
    endpoint = "/api/v2/alerts";
  }
  for (const std::string& hostport : keys.hostport) options.urls.push_back(hostport + endpoint);
  options.expires_after = std::chrono::seconds(keys.expiresafter);
  options.extra_labels = keys.extralabels;
  options.extra_annotations = keys.extraannotations;
  for (const auto& [priority, severity] : keys.customseveritymap)
    options.severity[*spool::priority_named(priority)] = severity;
  options.http = http("alertmanager", keys);
  add("alertmanager", keys.minimumpriority, make_alertmanager_sink(std::move(options)));
}

void Maker::elasticsearch() {
  const ElasticsearchKeys& keys = config_.elasticsearch;
  if (keys.hostport.empty()) return;
  add("elasticsearch", keys.minimumpriority,
      make_elasticsearch_sink({.hostport = keys.hostport,
                               .index = keys.index,
                               .suffix = keys.suffix,
                               .pipeline = keys.pipeline,
                               .user = keys.username,
                               .password = keys.password,
                               .api_key = keys.apikey,
                               .compress = keys.enablecompression,
                               .http = http("elasticsearch", keys)}));
}

Result<> Maker::kafka() {
  const KafkaKeys& keys = config_.kafka;
  if (keys.hostport.empty()) return {};
  KafkaOptions options{.hostport = keys.hostport, .topic = keys.topic, .settings = {}};
  auto& settings = options.settings;
  if (!keys.clientid.empty()) settings["client.id"] = keys.clientid;
  std::string compression = keys.compression;
  for (char& c : compression) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  settings["compression.type"] = compression;
  if (keys.requiredacks != "ALL") {
    settings["enable.idempotence"] = "false";
    settings["acks"] = keys.requiredacks == "ONE" ? "1" : "0";
  }
  if (!keys.sasl.empty()) {
    settings["sasl.mechanism"] = keys.sasl == "SCRAM_SHA256"   ? "SCRAM-SHA-256"
                                 : keys.sasl == "SCRAM_SHA512" ? "SCRAM-SHA-512"
                                                               : "PLAIN";
    settings["sasl.username"] = keys.username;
    settings["sasl.password"] = keys.password;
  }
  settings["security.protocol"] =
      keys.sasl.empty() ? (keys.tls ? "ssl" : "plaintext") : (keys.tls ? "sasl_ssl" : "sasl_plaintext");
  const std::string& ca = keys.cacertfile.empty() ? config_.tls_cacertfile : keys.cacertfile;
  if (keys.tls && !ca.empty()) settings["ssl.ca.location"] = ca;
  if (keys.topiccreation) settings["allow.auto.create.topics"] = "true";
  if (!keys.balancer.empty() && keys.balancer != "round_robin")
    log(LogLevel::kInfo, "kafka.balancer has no effect: alerts carry no key, and librdkafka spreads them");
  TRY_ASSIGN(auto sink, make_kafka_sink(options));
  add("kafka", keys.minimumpriority, std::move(sink));
  return {};
}

void Maker::rest() {
  if (!config_.syslog.host.empty()) {
    add("syslog", config_.syslog.minimumpriority,
        make_syslog_sink({.host = config_.syslog.host,
                          .port = static_cast<std::uint16_t>(config_.syslog.port),
                          .tcp = config_.syslog.protocol == "tcp",
                          .cef = config_.syslog.format == "cef"}));
  }
  if (!config_.otlp_logs.endpoint.empty()) {
    OtlpOptions options;
    options.url = config_.otlp_logs.endpoint;
    if (!options.url.ends_with("/v1/logs"))
      options.url += options.url.ends_with('/') ? "v1/logs" : "/v1/logs";
    for (const auto& [name, value] : config_.otlp_logs.headers)
      options.headers.push_back(name + ": " + value);
    options.http = http("otlp.logs", config_.otlp_logs);
    options.http.timeout = std::chrono::milliseconds(config_.otlp_logs.timeout);
    add("otlp.logs", config_.otlp_logs.minimumpriority, make_otlp_sink(std::move(options)));
  }
  if (!config_.file.path.empty())
    add("file", config_.file.minimumpriority, make_file_sink(config_.file.path));
  if (config_.standard_output.enabled)
    add("stdout", config_.standard_output.minimumpriority, make_stdout_sink());
}

}  // namespace

Result<std::vector<ConfiguredSink>> make_sinks(const Config& config) {
  Maker maker(config);
  maker.loki();
  maker.chats();
  maker.webhook();
  maker.alertmanager();
  maker.elasticsearch();
  TRY(maker.kafka());
  maker.rest();
  return maker.take();
}

}  // namespace saker::relay
