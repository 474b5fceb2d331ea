#include "fields/names.h"

#include <algorithm>

#include "fields/arena_text.h"

namespace saker::fields {
namespace {

// Falco's limit for a joined path and what it says beyond; rules know the text.
constexpr std::size_t kJoinedBytesEnd = 1024;
constexpr std::string_view kTooLong = "/DIR_TOO_LONG/FILENAME_TOO_LONG";
constexpr std::int32_t kWorkingDirectory = -100;

// True when cleaning would change nothing, which is so for nearly all absolute names: they are not copied.
bool is_clean(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') return path == "/";
  // Only a segment that begins with a slash or a dot can be one to clean away.
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (path[i - 1] != '/' || (path[i] != '/' && path[i] != '.')) continue;
    const std::string_view segment = path.substr(i, path.find('/', i) - i);
    if (segment.empty() || segment == "." || segment == "..") return false;
  }
  return true;
}

// The path as it grows; its buffer has room for everything that may come.
struct Joined {
  char* data;
  std::size_t size = 0;

  void add(std::string_view text) {
    size = static_cast<std::size_t>(std::copy(text.begin(), text.end(), data + size) - data);
  }
  bool between_segments() const { return size == 0 || data[size - 1] == '/'; }
  void drop_segment() {
    if (size == 0 || (size == 1 && data[0] == '/')) return;
    --size;
    while (size > 0 && data[size - 1] != '/') --size;
  }
};

std::string_view requested_name(const event::File& file, Arena& arena) {
  if (!file.name.present) {
    // open_by_handle_at has none; and a name that could not be read is no reason to be blind.
    return file.resolved.present && !file.resolved.truncated ? file.resolved.bytes : std::string_view();
  }
  const std::string_view name = file.name.bytes;
  if (file.resolved.present && name == file.resolved.bytes) return name;  // the kernel's paths are clean
  if (name.starts_with('/')) return join_path({}, name, arena);
  if (file.base.present) return join_path(with_slash(file.base.bytes, arena), name, arena);
  if (file.dirfd != kWorkingDirectory) return join_path(kUnknownDirectory, name, arena);
  return join_path(with_slash(file.cwd.bytes, arena), name, arena);
}

// The kernel's suffix of a path beyond the limit is not a name: it would pass for a file elsewhere.
std::string_view whole(const event::Text& text) {
  return text.present && !text.truncated ? text.bytes : std::string_view();
}

}  // namespace

std::string_view join_path(std::string_view directory, std::string_view path, Arena& arena) {
  if (path.empty()) return {};
  if (directory.size() + path.size() >= kJoinedBytesEnd) return kTooLong;
  if (is_clean(path)) return path;
  Joined joined{arena.allocate(directory.size() + path.size() + 1)};
  joined.add(path.front() == '/' ? "/" : directory);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    const bool whole_segment = joined.between_segments();
    if (segment.empty() || (whole_segment && segment == ".")) continue;
    if (whole_segment && segment == "..") {
      joined.drop_segment();
      continue;
    }
    joined.add(segment);
    if (slash != std::string_view::npos) joined.add("/");
  }
  if (joined.size > 1 && joined.between_segments()) --joined.size;
  return {joined.data, joined.size};
}

std::string_view file_name(const event::File& file, std::uint8_t kind, Arena& arena) {
  switch (kind) {
    case 0:
      return requested_name(file, arena);
    case 1:
      return whole(file.resolved);
    case 2:
      return whole(file.inner);
    case 3:
      return file.identity;
    default:
      return {};
  }
}

std::uint8_t distinct_names(const event::File& file, Arena& arena) {
  std::uint8_t bits = 1;
  const std::string_view resolved = whole(file.resolved);
  const std::string_view inner = whole(file.inner);
  const std::string_view identity = file.identity;
  if (identity.empty()) {
    if (resolved.empty() && inner.empty()) return bits;
    if (inner.empty() && file.name.present && file.name.bytes == resolved) return bits;
  }
  const std::string_view requested = requested_name(file, arena);
  if (!resolved.empty() && resolved != requested) bits |= 1U << 1;
  if (!inner.empty() && inner != requested && inner != resolved) bits |= 1U << 2;
  if (!identity.empty() && identity != requested && identity != inner && identity != resolved)
    bits |= 1U << 3;
  return bits;
}

}  // namespace saker::fields
