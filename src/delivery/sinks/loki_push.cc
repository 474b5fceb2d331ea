// PushRequest{1: repeated Stream}, Stream{1: labels, 2: repeated Entry}, Entry{1: Timestamp{1: seconds, 2:
// nanos}, 2: line}. Three messages do not pay for a protobuf runtime and a compiler in the build.
#include "delivery/sinks/loki_push.h"

#include <fmt/format.h>
#include <snappy.h>

#include "http/gzip.h"

namespace saker::delivery {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++size;
  }
  return size;
}

void put_varint(std::string& to, std::uint64_t value) {
  while (value >= 0x80) {
    to += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  to += static_cast<char>(value);
}

// Field numbers below 16 fit one byte with their wire type: 0 varint, 2 length and bytes.
void put_length(std::string& to, int field, std::size_t length) {
  to += static_cast<char>(field << 3 | 2);
  put_varint(to, length);
}
void put_number(std::string& to, int field, std::uint64_t value) {
  to += static_cast<char>(field << 3);
  put_varint(to, value);
}
std::size_t sized(std::size_t length) { return 1 + varint_size(length) + length; }

struct Time {
  std::uint64_t seconds, nanos;
  std::size_t size;
};
Time time_of(const LokiEntry& entry) {
  std::int64_t seconds = entry.time_ns / kSecondNs;
  std::int64_t nanos = entry.time_ns % kSecondNs;
  if (nanos < 0) --seconds, nanos += kSecondNs;
  Time time{static_cast<std::uint64_t>(seconds), static_cast<std::uint64_t>(nanos), 0};
  time.size = 1 + varint_size(time.seconds) + 1 + varint_size(time.nanos);
  return time;
}

std::size_t entry_size(const LokiEntry& entry) {
  return sized(time_of(entry).size) + sized(entry.line.size());
}

std::string protobuf(std::span<const LokiEntry* const> entries) {
  std::string body;
  std::size_t bytes = 0;
  for (const LokiEntry* entry : entries) bytes += entry->line.size() + 32;
  body.reserve(bytes);
  for (std::size_t from = 0; from < entries.size();) {
    std::size_t to = from;
    std::size_t stream_size = sized(entries[from]->labels.size());
    while (to < entries.size() && entries[to]->labels == entries[from]->labels)
      stream_size += sized(entry_size(*entries[to++]));
    put_length(body, 1, stream_size);
    put_length(body, 1, entries[from]->labels.size());
    body += entries[from]->labels;
    for (; from < to; ++from) {
      const LokiEntry& entry = *entries[from];
      const Time time = time_of(entry);
      put_length(body, 2, entry_size(entry));
      put_length(body, 1, time.size);
      put_number(body, 1, time.seconds);
      put_number(body, 2, time.nanos);
      put_length(body, 2, entry.line.size());
      body += entry.line;
    }
  }
  return body;
}

// The labels' own text is {name="value", ...}: the names need quotes and a colon to be JSON.
std::string json(std::span<const LokiEntry* const> entries, const auto& labels_as_json) {
  std::string body = R"({"streams":[)";
  for (std::size_t from = 0; from < entries.size();) {
    if (from > 0) body += ',';
    body += R"({"stream":)";
    body += labels_as_json(entries[from]->labels);
    body += R"(,"values":[)";
    const std::size_t first = from;
    for (; from < entries.size() && entries[from]->labels == entries[first]->labels; ++from) {
      if (from > first) body += ',';
      body += fmt::format("[\"{}\",", entries[from]->time_ns);
      spool::append_json_text(body, entries[from]->line);
      body += ']';
    }
    body += "]}";
  }
  body += "]}";
  return body;
}

std::string labels_json(std::string_view labels) {
  std::string text = "{";
  std::size_t at = 1;
  while (at < labels.size() && labels[at] != '}') {
    const std::size_t equals = labels.find('=', at);
    std::size_t end = equals + 2;  // behind the quote
    while (labels[end] != '"') end += labels[end] == '\\' ? 2 : 1;
    if (text.size() > 1) text += ',';
    spool::append_json_text(text, labels.substr(at, equals - at));
    text += ':';
    text += labels.substr(equals + 1, end - equals);
    at = end + 1;
    if (labels[at] == ',') at += 2;
  }
  return text + "}";
}

}  // namespace

std::string push_body(LokiEncoding encoding, std::span<const LokiEntry* const> entries) {
  if (encoding == LokiEncoding::kGzip) return http::gzip(json(entries, labels_json));
  const std::string plain = protobuf(entries);
  std::string packed;
  snappy::Compress(plain.data(), plain.size(), &packed);
  return packed;
}

}  // namespace saker::delivery
