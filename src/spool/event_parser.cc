// JSON to events, in one pass of nlohmann's SAX parser.
//
// No tree is built for the usual event: its texts are moved to their place. Numbers keep their digits: beyond
// 2^53 a double would not. What is nested inside a field is kept as JSON text.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "spool/event.h"
#include "spool/nested_json.h"
#include "spool/utf8.h"

namespace saker::spool {
namespace {

using nlohmann::json;

enum class Key {
  kUuid,
  kOutput,
  kPriority,
  kRule,
  kTime,
  kOutputFields,
  kSource,
  kTags,
  kHostname,
  kUnknown
};

constexpr std::array<std::pair<std::string_view, Key>, 9> kKeys = {{{"uuid", Key::kUuid},
                                                                    {"output", Key::kOutput},
                                                                    {"priority", Key::kPriority},
                                                                    {"rule", Key::kRule},
                                                                    {"time", Key::kTime},
                                                                    {"output_fields", Key::kOutputFields},
                                                                    {"source", Key::kSource},
                                                                    {"tags", Key::kTags},
                                                                    {"hostname", Key::kHostname}}};

Key key_named(std::string_view name) {
  for (const auto& [known, key] : kKeys) {
    if (known == name) return key;
  }
  for (const auto& [known, key] : kKeys) {
    if (equals_ignoring_case(known, name)) return key;
  }
  return Key::kUnknown;
}

std::string_view name_of_key(Key key) { return kKeys[static_cast<std::size_t>(key)].first; }

class EventSax {
 public:
  explicit EventSax(ParsedEvents& parsed) : parsed_(parsed) {}

  // What nlohmann calls.
  bool null() {
    if (skip_ > 0) return true;
    if (nested_.is_open()) return add_nested(json());
    if (place_ == Place::kField) return put_field("null", false);
    // As in Go, null leaves what was there; where something must be there, its absence is told at the end.
    if (place_ == Place::kTags) return refuse("\"tags\" must be a list of texts");
    return placed();
  }
  bool boolean(bool value) { return other(json(value), value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return other(json(value), fmt::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return other(json(value), fmt::to_string(value)); }
  bool number_float(double value, const std::string& text) { return other(json(value), text); }
  bool string(std::string& text) {
    if (skip_ > 0) return true;
    if (nested_.is_open()) return add_nested(json(std::move(text)));
    switch (place_) {
      case Place::kField:
        return put_field(std::move(text), true);
      case Place::kTags:
        if (event_.tags.size() >= kTagsMax) return refuse(fmt::format("more than {} tags", kTagsMax));
        event_.tags.push_back(std::move(text));
        return true;
      case Place::kEvent:
        return put_text(text);
      case Place::kTop:
        break;
    }
    return refuse_value();
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }

  bool start_object(std::size_t) {
    if (skip_ > 0) return skip_deeper();
    if (nested_.is_open() || place_ == Place::kField) return open_nested(json::object());
    if (place_ == Place::kTop) return begin_event();
    if (place_ == Place::kEvent && key_ == Key::kOutputFields) {
      place_ = Place::kField;
      return deeper();
    }
    return skip_value();
  }
  bool start_array(std::size_t) {
    if (skip_ > 0) return skip_deeper();
    if (nested_.is_open() || place_ == Place::kField) return open_nested(json::array());
    if (place_ == Place::kTop && !in_list_) {
      in_list_ = true;
      return deeper();
    }
    if (place_ == Place::kTop && !count_event()) return false;
    if (place_ == Place::kEvent && key_ == Key::kTags) {
      place_ = Place::kTags;
      event_.tags.clear();
      return deeper();
    }
    return skip_value();
  }
  bool end_object() {
    --depth_;
    if (skip_ > 0) return end_skip();
    if (nested_.is_open()) return close_nested();
    if (place_ == Place::kField) {
      place_ = Place::kEvent;
      return true;
    }
    return end_event();
  }
  bool end_array() {
    --depth_;
    if (skip_ > 0) return end_skip();
    if (nested_.is_open()) return close_nested();
    if (place_ == Place::kTags) {
      place_ = Place::kEvent;
    } else {
      in_list_ = false;
    }
    return true;
  }
  bool key(std::string& name) {
    if (skip_ > 0) return true;
    if (nested_.is_open()) {
      nested_.key(name);
    } else if (place_ == Place::kField) {
      field_ = std::move(name);
    } else {
      key_ = key_named(name);
    }
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) {
    position_ = position;
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    const std::string_view what = error.what();
    const std::size_t end = what.find("] ");
    problem_ =
        fmt::format("the body is not JSON: {}", what.substr(end == std::string_view::npos ? 0 : end + 2));
    return false;
  }

  const std::string& problem() const { return problem_; }

 private:
  enum class Place { kTop, kEvent, kField, kTags };

  bool deeper() {
    if (++depth_ <= kNestingMax) return true;
    problem_ = fmt::format("the body is nested deeper than {} levels", kNestingMax);
    return false;
  }

  bool count_event() {
    if (++index_begun_ <= kEventsMax) return true;
    problem_ = fmt::format("more than {} events in one body", kEventsMax);
    return false;
  }

  bool skip_deeper() {
    ++skip_;
    return deeper();
  }

  bool begin_event() {
    event_ = Event{};
    reason_.clear();
    have_priority_ = have_time_ = false;
    place_ = Place::kEvent;
    key_ = Key::kUnknown;
    return deeper();
  }

  bool end_event() {
    place_ = Place::kTop;
    check();
    if (!count_event()) return false;
    const std::size_t index = index_begun_ - 1;
    if (reason_.empty()) {
      parsed_.events.push_back(std::move(event_));
    } else {
      parsed_.refused.push_back({index, std::move(reason_)});
    }
    return true;
  }

  // The event goes on being read, and is refused in the end.
  bool refuse(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
    return true;
  }
  bool placed() {
    if (place_ == Place::kTop) return refuse_value();
    return true;
  }
  // A value that stands where an event should.
  bool refuse_value() {
    if (!count_event()) return false;
    parsed_.refused.push_back({index_begun_ - 1, "an event must be a JSON object"});
    return true;
  }
  bool skip_value() {
    if (place_ == Place::kTop) {
      parsed_.refused.push_back({index_begun_ - 1, "an event must be a JSON object"});
    } else if (key_ == Key::kTags) {
      refuse("\"tags\" must be a list of texts");
    } else if (place_ == Place::kTags) {
      refuse("\"tags\" must be a list of texts");
    } else if (key_ == Key::kOutputFields) {
      refuse("\"output_fields\" must be an object");
    } else if (key_ != Key::kUnknown && key_ != Key::kUuid) {
      refuse(fmt::format("\"{}\" must be a text", name_of_key(key_)));
    }
    skip_ = 1;
    return deeper();
  }
  bool end_skip() {
    --skip_;
    return true;
  }

  // A number or a truth value.
  bool other(json value, std::string text) {
    if (skip_ > 0) return true;
    if (nested_.is_open()) return add_nested(std::move(value));
    if (place_ == Place::kField) return put_field(std::move(text), false);
    if (place_ == Place::kTop) return refuse_value();
    if (place_ == Place::kTags || key_ == Key::kTags) return refuse("\"tags\" must be a list of texts");
    if (key_ == Key::kOutputFields) return refuse("\"output_fields\" must be an object");
    if (key_ != Key::kUnknown && key_ != Key::kUuid)
      return refuse(fmt::format("\"{}\" must be a text", name_of_key(key_)));
    return true;
  }

  bool put_text(std::string& text) {
    switch (key_) {
      case Key::kUuid:
        event_.uuid = std::move(text);
        break;
      case Key::kOutput:
        event_.output = std::move(text);
        break;
      case Key::kRule:
        event_.rule = std::move(text);
        break;
      case Key::kSource:
        event_.source = std::move(text);
        break;
      case Key::kHostname:
        event_.hostname = std::move(text);
        break;
      case Key::kPriority:
        if (const auto priority = priority_named(text)) {
          event_.priority = *priority;
          have_priority_ = true;
        } else {
          refuse(
              fmt::format("\"priority\" must be one of Emergency, Alert, Critical, Error, Warning, Notice, "
                          "Informational, Debug, not \"{}\"",
                          text.substr(0, 64)));
        }
        break;
      case Key::kTime:
        if (auto time = parse_time(text)) {
          event_.time = std::move(time->text);
          event_.time_ns = time->ns;
          have_time_ = true;
        } else {
          refuse(time.error().message);
        }
        break;
      case Key::kOutputFields:
        return refuse("\"output_fields\" must be an object");
      case Key::kTags:
        return refuse("\"tags\" must be a list of texts");
      case Key::kUnknown:
        break;
    }
    return true;
  }

  bool put_field(std::string value, bool is_text) {
    if (event_.fields.size() >= kFieldsMax)
      return refuse(fmt::format("more than {} output fields", kFieldsMax));
    event_.fields.push_back({std::move(field_), std::move(value), is_text});
    return true;
  }

  bool open_nested(json container) {
    if (!nested_.is_open()) {
      nested_.begin(std::move(container));
    } else if (!nested_.open(std::move(container))) {
      return too_many_nested();
    }
    return deeper();
  }
  bool add_nested(json value) { return nested_.add(std::move(value)) || too_many_nested(); }
  bool too_many_nested() {
    problem_ = fmt::format("more than {} values inside one output field", kNestedMax);
    return false;
  }
  bool close_nested() { return !nested_.close() || put_field(nested_.text(), false); }

  void check() {
    // Of a name that is there twice the last one counts, as in Go.
    std::ranges::stable_sort(event_.fields, {}, &Field::name);
    std::vector<Field>& fields = event_.fields;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i + 1 < fields.size() && fields[i + 1].name == fields[i].name) continue;
      if (kept != i) fields[kept] = std::move(fields[i]);
      ++kept;
    }
    fields.resize(kept);
    if (!reason_.empty()) return;
    std::size_t bytes =
        event_.output.size() + event_.rule.size() + event_.source.size() + event_.hostname.size();
    for (const Field& field : fields) bytes += field.name.size() + field.value.size();
    for (const std::string& tag : event_.tags) bytes += tag.size();
    if (bytes > kEventBytesMax)
      return void(refuse(fmt::format("more than {} bytes of text in one event", kEventBytesMax)));
    if (!have_priority_) return void(refuse("\"priority\" is missing"));
    if (event_.rule.empty()) return void(refuse("\"rule\" is missing"));
    if (!have_time_) return void(refuse("\"time\" is missing"));
    for (const std::string_view name : {"k8s.ns.name", "k8s.pod.name"}) {
      const Field* field = event_.field(name);
      if (field != nullptr && !field->is_text && field->value != "null")
        return void(refuse(fmt::format("\"output_fields\": \"{}\" must be a text", name)));
    }
  }

  ParsedEvents& parsed_;
  Place place_ = Place::kTop;
  Key key_ = Key::kUnknown;
  Event event_;
  std::string field_;
  std::string reason_;  // why this event is refused
  std::string problem_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  std::size_t skip_ = 0;  // levels below a value that nobody wants
  std::size_t index_begun_ = 0;
  bool in_list_ = false;
  bool have_priority_ = false, have_time_ = false;
  NestedJson nested_;
};

// Counts what the parser has taken, so that the next value of the body can be begun behind it.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  const char& operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    if (at_ > *furthest_) *furthest_ = at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Result<ParsedEvents> parse_utf8(std::string_view body) {
  ParsedEvents parsed;
  EventSax sax(parsed);
  const char* at = body.data();
  const char* const end = body.data() + body.size();
  while (at != end && is_blank(*at)) ++at;
  if (at == end)
    return fail(ErrorCode::kInvalid, "the body is empty; one event as a JSON object is expected");
  while (at != end) {
    // A bare number needs the byte behind it to end, and would take it; none is an event, so none is tried.
    if (*at != '{' && *at != '[') {
      return fail(ErrorCode::kInvalid,
                  fmt::format("byte {}: an event must begin with '{{', a list of events with '['",
                              at - body.data() + 1));
    }
    const char* furthest = at;
    const bool good = json::sax_parse(CountingIterator(at, &furthest), CountingIterator(end, &furthest), &sax,
                                      json::input_format_t::json, false);
    if (!good) {
      return fail(ErrorCode::kInvalid, sax.problem());
    }
    at = furthest;
    while (at != end && (is_blank(*at) || *at == '\x1E')) ++at;
  }
  return parsed;
}

}  // namespace

Result<ParsedEvents> parse_events(std::string_view body) {
  auto parsed = parse_utf8(body);
  if (parsed) return parsed;
  const std::string mended = mended_utf8(body);
  return mended.empty() ? std::move(parsed) : parse_utf8(mended);
}

Result<Event> parse_line(std::string_view line) {
  TRY_ASSIGN(ParsedEvents parsed, parse_utf8(line));
  if (parsed.events.size() != 1) {
    return fail(ErrorCode::kInvalid,
                parsed.refused.empty() ? "not one event" : parsed.refused.front().reason);
  }
  return std::move(parsed.events.front());
}

}  // namespace saker::spool
