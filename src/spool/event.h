// Event: an alert as it came over the wire, checked and put into the one form in which it is kept and sent.
//
// The form is Falcosidekick's JSON, byte for byte: keys in its order, fields sorted, '<', '>' and '&'
// escaped. It is made once: what is sent again later is the same bytes, so that Loki knows it for the same
// entry. For the same reason the uuid is no random number but made of the content: an alert that a sender
// repeats because it saw no answer is the same alert.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spool/priority.h"

namespace saker::spool {

// The rule of events that /test makes; they pass every minimum priority.
inline constexpr std::string_view kTestRule = "Test rule";

struct Field {
  std::string name;
  std::string value;  // the text; of what is no text, its JSON
  bool is_text = true;
};

struct Event {
  std::string uuid;  // "" until seal()
  std::string output;
  Priority priority = Priority::kDebug;
  std::string rule;
  std::string time;  // RFC 3339, in its own zone, fraction without trailing zeros
  std::int64_t time_ns = 0;
  std::vector<Field> fields;  // sorted by name, no name twice
  std::string source;
  std::vector<std::string> tags;  // sorted
  std::string hostname;

  const Field* field(std::string_view name) const;
  void set_field(std::string_view name, std::string text);
};

// Sorts the tags and makes the uuid; what comes after would not be in it.
void seal(Event& event);

// The JSON object, without newline.
std::string to_line(const Event& event);

// The object of output_fields alone.
std::string fields_json(const Event& event);

struct EventError {
  std::size_t index = 0;  // of the event in the body, from 0
  std::string reason;
};

struct ParsedEvents {
  std::vector<Event> events;        // the good ones, in order
  std::vector<EventError> refused;  // well-formed JSON that is no event
};

// What is small in a body can be large in memory: 1.4 million empty objects fit into 4 MiB.
inline constexpr std::size_t kEventsMax = 20'000;       // of a body, refused ones with them
inline constexpr std::size_t kEventBytesMax = 1 << 20;  // of its texts; a byte may become six in the line
inline constexpr std::size_t kFieldsMax = 1024;
inline constexpr std::size_t kTagsMax = 1024;
inline constexpr std::size_t kNestedMax = 20'000;  // values inside one field
inline constexpr std::size_t kNestingMax = 64;

// One event, a JSON array of them, or several one after another (NDJSON or not). An error when the body is
// not JSON: then nothing of it is taken. Bytes that are not UTF-8 become U+FFFD rather than lose the alert.
Result<ParsedEvents> parse_events(std::string_view body);

// What to_line() made.
Result<Event> parse_line(std::string_view line);

// "2026-03-01T12:00:00.120Z" → nanoseconds since 1970, and the text as Event::time has it. Falls outside 1678
// to 2262: an error.
struct Time {
  std::int64_t ns = 0;
  std::string text;
};
Result<Time> parse_time(std::string_view text);
std::string format_time_utc(std::int64_t ns);

// Appends `text` in quotes, escaped as above.
void append_json_text(std::string& to, std::string_view text);

}  // namespace saker::spool
