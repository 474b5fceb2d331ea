#include "fields/open_parameters.h"

#include "event/open_flags.h"
#include "fields/arena_text.h"
#include "fields/descriptor.h"
#include "fields/names.h"

namespace saker::fields {
namespace {

constexpr std::int64_t kWorkingDirectory = -100;

}  // namespace

Value text_or_missing(const event::Text& text) { return text.present ? Value::text(text.bytes) : Value(); }

Value open_name(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : text_or_missing(file->name);
}

Value handle_path(const Subject& s, Arena& arena) {
  const event::File* file = file_of(s);
  return file == nullptr ? Value() : Value::text(file_name(*file, 0, arena));
}

Value open_mode(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  if (file == nullptr) return {};
  const bool creates =
      (file->flags & (event::kOpenCreat | event::kOpenTmpfile)) != 0 || s.event->type == event::kCreat;
  return Value::integer(creates ? file->mode : 0);
}

Value creat_flags(const Subject& s, Arena&) {
  const event::File* file = file_of(s);
  if (file == nullptr) return {};
  const int upper = (file->flags & event::kOpenUpperLayer) != 0 ? 1 : 0;
  const int lower = (file->flags & event::kOpenLowerLayer) != 0 ? 2 : 0;
  return Value::integer(upper | lower);
}

std::string_view resolve_errno(const Subject&, const Value& raw, Arena&) {
  return errno_name(-raw.integer());
}

std::string_view resolve_opened(const Subject& s, const Value& raw, Arena& arena) {
  const event::File* file = file_of(s);
  if (raw.integer() < 0 || file == nullptr) return errno_name(-raw.integer());
  return concat(arena, {is_directory(*file) ? "<d>" : "<f>", file_name(*file, 0, arena)});
}

std::string_view resolve_directory(const Subject& s, const Value& raw, Arena& arena) {
  if (raw.integer() == kWorkingDirectory) return "AT_FDCWD";
  if (raw.integer() < 0) return errno_name(-raw.integer());
  const event::File* file = file_of(s);
  return file == nullptr || !file->base.present ? std::string_view()
                                                : concat(arena, {"<d>", file->base.bytes});
}

std::string_view resolve_name(const Subject& s, const Value& raw, Arena& arena) {
  const event::File* file = file_of(s);
  return file == nullptr || raw.text().starts_with('/') ? std::string_view() : file_name(*file, 0, arena);
}

}  // namespace saker::fields
