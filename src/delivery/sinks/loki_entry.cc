#include "delivery/sinks/loki_entry.h"

#include <absl/time/time.h>

#include <algorithm>

namespace saker::delivery {
namespace {

using spool::Event;
using spool::Field;

// To at most `bytes`, not inside a character.
void cut(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
}

std::string label_name(std::string_view field) {
  std::string name;
  for (const char c : field) {
    if (c == '[' || c == ']') continue;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9';
    if (digit && name.empty()) name += '_';
    name += letter || digit ? c : '_';
  }
  return name;
}

void add(Labels& labels, std::string name, std::string value) {
  if (name.empty() || value.empty()) return;  // Loki drops a label without value
  const bool known = std::ranges::any_of(labels, [&name](const auto& label) { return label.first == name; });
  if (known || labels.size() >= kLokiLabelsMax) return;
  cut(value, kLokiLabelBytesMax);
  labels.emplace_back(std::move(name), std::move(value));
}

void add_field(Labels& labels, const Event& event, std::string_view field, std::string name) {
  if (const Field* found = event.field(field); found != nullptr && found->is_text)
    add(labels, std::move(name), found->value);
}

std::string joined(const std::vector<std::string>& tags) {
  std::string all;
  for (const std::string& tag : tags) {
    if (!all.empty()) all += ',';
    all += tag;
  }
  return all;
}

// Cuts all texts that are longer than so much, less and less, until the line is short enough.
std::string shortened(Event event) {
  static constexpr std::string_view kMark = "[...]";
  static constexpr std::size_t kLeast = 32;
  std::string line = spool::to_line(event);
  for (std::size_t most = kLokiLineBytesMax / 2; line.size() > kLokiLineBytesMax && most >= kLeast;
       most /= 2) {
    const auto shorten = [most](std::string& text) {
      if (text.size() <= most + kMark.size()) return false;
      cut(text, most);
      text += kMark;
      return true;
    };
    shorten(event.output);
    for (Field& field : event.fields) {
      if (shorten(field.value)) field.is_text = true;  // a cut list is none any more
    }
    line = spool::to_line(event);
  }
  return line;
}

}  // namespace

Labels labels_of(const LokiFormat& format, const Event& event, LabelSet set) {
  Labels labels;
  add(labels, "rule", event.rule);
  add(labels, "source", event.source);
  add(labels, "priority", std::string(spool::name_of(event.priority)));
  add(labels, "hostname", event.hostname);
  if (set == LabelSet::kFull) {
    add(labels, "tags", joined(event.tags));
    add_field(labels, event, "k8s.ns.name", "k8s_ns_name");
    add_field(labels, event, "k8s.pod.name", "k8s_pod_name");
    for (const std::string& name : format.custom_fields) {
      const Field* field = event.field(name);
      if (field == nullptr || !field->is_text) continue;
      std::string value = field->value;
      std::erase(value, '"');
      add(labels, label_name(name), std::move(value));
    }
    for (const std::string& name : format.extra_labels) add_field(labels, event, name, label_name(name));
  }
  std::ranges::sort(labels);
  return labels;
}

std::string label_text(const Labels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ", ";
    text += name;
    text += '=';
    spool::append_json_text(text, value);  // every escape of JSON is one of Go's quoted strings
  }
  text += '}';
  return text;
}

std::string loki_line(const LokiFormat& format, const spool::StoredAlert& alert, const Event& event) {
  if (format.json) return alert.line.size() <= kLokiLineBytesMax ? alert.line : shortened(event);
  std::string text = event.output;
  cut(text, kLokiLineBytesMax);
  return text;
}

std::int64_t loki_time(const spool::StoredAlert& alert) {
  return alert.time_ns > alert.received_ns + kLokiAheadNsMax / 2 ? alert.received_ns : alert.time_ns;
}

Labels replayed(Labels labels, std::int64_t time_ns) {
  if (labels.size() >= kLokiLabelsMax) {
    // Room for the label that lets it in at all: the pod's is the one that is most often another.
    const auto pod = std::ranges::find(labels, "k8s_pod_name", &Labels::value_type::first);
    labels.erase(pod != labels.end() ? pod : labels.begin());
  }
  labels.emplace_back("replayed",
                      absl::FormatTime("%Y-%m-%dT%H", absl::FromUnixNanos(time_ns), absl::UTCTimeZone()));
  std::ranges::sort(labels);
  return labels;
}

}  // namespace saker::delivery
