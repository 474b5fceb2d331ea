#include "spool/event.h"

#include <absl/strings/escaping.h>
#include <absl/time/time.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace saker::spool {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// 0 = as it is, 'u' = \u00XX, else the letter after the backslash.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['"'] = '"';
  table['\\'] = '\\';
  table['<'] = table['>'] = table['&'] = 'u';
  return table;
}();

void append_value(std::string& to, const Field& field) {
  if (field.is_text) {
    append_json_text(to, field.value);
  } else {
    to += field.value;
  }
}

void append_key(std::string& to, std::string_view key) {
  if (to.back() != '{') to += ',';
  to += '"';
  to += key;
  to += "\":";
}

void append_fields(std::string& to, const Event& event) {
  to += '{';
  for (const Field& field : event.fields) {
    if (to.back() != '{') to += ',';
    append_json_text(to, field.name);
    to += ':';
    append_value(to, field);
  }
  to += '}';
}

// All but the uuid.
void append_rest(std::string& to, const Event& event) {
  append_key(to, "output");
  append_json_text(to, event.output);
  append_key(to, "priority");
  append_json_text(to, name_of(event.priority));
  append_key(to, "rule");
  append_json_text(to, event.rule);
  append_key(to, "time");
  append_json_text(to, event.time);
  append_key(to, "output_fields");
  append_fields(to, event);
  append_key(to, "source");
  append_json_text(to, event.source);
  if (!event.tags.empty()) {
    append_key(to, "tags");
    to += '[';
    for (const std::string& tag : event.tags) {
      if (to.back() != '[') to += ',';
      append_json_text(to, tag);
    }
    to += ']';
  }
  if (!event.hostname.empty()) {
    append_key(to, "hostname");
    append_json_text(to, event.hostname);
  }
  to += '}';
}

// Version 8 of RFC 9562: the bits are the maker's own, here of a SHA-256.
std::string uuid_of(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  static const EVP_MD* const sha256 = EVP_sha256();
  EVP_Digest(content.data(), content.size(), digest.data(), nullptr, sha256, nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x80);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 0xF];
  }
  return text;
}

}  // namespace

void append_json_text(std::string& to, std::string_view text) {
  to += '"';
  std::size_t plain_from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    // U+2028 and U+2029 are E2 80 A8 and E2 80 A9.
    const bool separator = byte == 0xE2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                           (text[i + 2] == '\xA8' || text[i + 2] == '\xA9');
    if (escape == 0 && !separator) continue;
    to.append(text, plain_from, i - plain_from);
    plain_from = i + 1;
    if (separator) {
      to += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
      plain_from = i + 1;
    } else if (escape == 'u') {
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 0xF];
    } else {
      to += '\\';
      to += escape;
    }
  }
  to.append(text, plain_from, text.size() - plain_from);
  to += '"';
}

const Field* Event::field(std::string_view name) const {
  const auto at = std::ranges::lower_bound(fields, name, {}, &Field::name);
  return at != fields.end() && at->name == name ? &*at : nullptr;
}

void Event::set_field(std::string_view name, std::string text) {
  const auto at = std::ranges::lower_bound(fields, name, {}, &Field::name);
  if (at != fields.end() && at->name == name) {
    at->value = std::move(text);
    at->is_text = true;
  } else {
    fields.insert(at, Field{std::string(name), std::move(text), true});
  }
}

void seal(Event& event) {
  std::ranges::sort(event.tags);
  std::string content = "{";
  content.reserve(512 + event.output.size());
  append_rest(content, event);
  event.uuid = uuid_of(content);
}

std::string to_line(const Event& event) {
  std::string line = "{";
  line.reserve(1024 + event.output.size());
  append_key(line, "uuid");
  append_json_text(line, event.uuid);
  append_rest(line, event);
  return line;
}

std::string fields_json(const Event& event) {
  std::string object;
  append_fields(object, event);
  return object;
}

namespace {

// Whether `text` is of the shape `pattern`, in which 0 stands for any digit.
bool has_shape(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(
      text, pattern, [](char c, char wanted) { return wanted == '0' ? c >= '0' && c <= '9' : c == wanted; });
}

// Where the zone begins; npos when it is no RFC 3339 time. absl takes more ("infinite-past", blanks around, a
// minute of one digit, a year of five).
std::size_t zone_of(std::string_view text) {
  constexpr std::string_view kSeconds = "0000-00-00T00:00:00";
  if (!has_shape(text.substr(0, kSeconds.size()), kSeconds)) return std::string_view::npos;
  std::size_t zone = kSeconds.size();
  if (zone < text.size() && text[zone] == '.') {
    const std::size_t digits = zone + 1;
    zone = std::min(text.find_first_not_of("0123456789", digits), text.size());
    if (zone == digits) return std::string_view::npos;
  }
  const std::string_view rest = text.substr(zone);
  return rest == "Z" || has_shape(rest, "+00:00") || has_shape(rest, "-00:00") ? zone
                                                                               : std::string_view::npos;
}

}  // namespace

Result<Time> parse_time(std::string_view text) {
  const auto refuse = [text] {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("\"time\" must be an RFC 3339 time with a zone, like 2026-03-01T12:00:00.123456789Z, "
                    "not \"{}\"",
                    text.substr(0, 64)));
  };
  const std::size_t zone = zone_of(text);
  if (text.size() > 48 || zone == std::string_view::npos) return refuse();
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, absl::string_view(text.data(), text.size()), &time, &ignored))
    return refuse();
  if (time < absl::FromUnixNanos(INT64_MIN) || time > absl::FromUnixNanos(INT64_MAX)) return refuse();
  Time parsed;
  parsed.ns = absl::ToUnixNanos(time);
  std::string_view head = text.substr(0, std::min(zone, std::size_t{29}));  // nine digits of fraction at most
  if (head.size() > 19) {
    while (head.back() == '0') head.remove_suffix(1);
    if (head.back() == '.') head.remove_suffix(1);
  }
  parsed.text = head;
  const std::string_view rest = text.substr(zone);
  parsed.text += rest == "+00:00" || rest == "-00:00" ? "Z" : rest;
  return parsed;
}

std::string format_time_utc(std::int64_t ns) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", absl::FromUnixNanos(ns), absl::UTCTimeZone());
}

}  // namespace saker::spool
