// Parameters of the open family, and of an exec that failed. Made for the table in parameters.cc; each reads
// one parameter of the event, or gives the text that its value stands for.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "event/symbols.h"
#include "fields/catalogue.h"
#include "fields/field_rows.h"
#include "fields/flags.h"

namespace saker::fields {

// Missing when the record had no such text.
Value text_or_missing(const event::Text& text);

Value open_name(const Subject& subject, Arena& arena);
Value handle_path(const Subject& subject, Arena& arena);
// The permission bits mean something only to a call that may create.
Value open_mode(const Subject& subject, Arena& arena);
Value creat_flags(const Subject& subject, Arena& arena);
std::string_view resolve_errno(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_opened(const Subject& subject, const Value& raw, Arena& arena);
std::string_view resolve_directory(const Subject& subject, const Value& raw, Arena& arena);
// Absolute paths stand for themselves and are printed uncleaned.
std::string_view resolve_name(const Subject& subject, const Value& raw, Arena& arena);

template <auto kMember>
Value file_number(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : Value::integer(static_cast<std::int64_t>(file->*kMember));
}

template <event::Symbols kTable>
std::string_view resolve_with(const Subject&, const Value& raw, Arena& arena) {
  return flag_text(static_cast<std::uint32_t>(raw.integer()), event::symbols(kTable), arena);
}

}  // namespace saker::fields
