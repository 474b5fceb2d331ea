#include "event/details.h"

#include <sys/stat.h>

namespace saker::event {
namespace {

std::string_view find_part(const Event& event, std::uint8_t kind, std::uint8_t argument) {
  std::string_view found;
  each_part(event.details, [&](const saker_part& part, const Text& text) {
    if (part.kind == kind && part.argument == argument && text.present) found = text.bytes;
  });
  return found;
}

// The descriptors told as this argument, each with the name that follows it.
std::vector<Descriptor> descriptors(const Event& event, std::uint8_t argument) {
  std::vector<Descriptor> found;
  bool open = false;  // the last descriptor was one of ours
  each_part(event.details, [&](const saker_part& part, const Text& text) {
    if (part.kind == SAKER_PART_DESCRIPTOR) {
      Descriptor descriptor;
      open = part.argument == argument && decode_descriptor(text.bytes, descriptor);
      if (open) found.push_back(descriptor);
    } else if (part.kind == SAKER_PART_DESCRIPTOR_NAME && open) {
      found.back().name = text;
    }
  });
  return found;
}

// The name lies in the record and ends at its NUL.
Descriptor listed(const saker_listed_file& file, std::string_view name) {
  Descriptor descriptor;
  descriptor.fd = static_cast<std::int32_t>(file.fd);
  descriptor.inode_mode = file.inode_mode;
  descriptor.magic = file.magic;
  descriptor.family = file.family;
  descriptor.type = file.type;
  descriptor.name = {name.substr(0, name.find('\0')), true, false};
  switch (file.inode_mode & S_IFMT) {
    case S_IFSOCK:
      descriptor.kind = SAKER_DESCRIPTOR_SOCKET;
      break;
    case S_IFIFO:
      descriptor.kind = SAKER_DESCRIPTOR_PIPE;
      break;
    default:
      descriptor.kind = SAKER_DESCRIPTOR_FILE;
  }
  return descriptor;
}

}  // namespace

std::optional<saker_usage> usage_of(const Event& event) {
  const std::string_view bytes = find_part(event, SAKER_PART_USAGE, 0);
  saker_usage usage;
  if (bytes.size() < sizeof(usage)) return std::nullopt;
  std::memcpy(&usage, bytes.data(), sizeof(usage));
  return usage;
}

std::string_view cgroup_of(const Event& event, std::uint32_t subsystem) {
  return find_part(event, SAKER_PART_TASK_CGROUP, static_cast<std::uint8_t>(subsystem));
}

std::optional<Descriptor> standard_descriptor(const Event& event, std::uint32_t fd) {
  const auto found = descriptors(event, static_cast<std::uint8_t>(SAKER_STANDARD_FD + fd));
  return found.empty() ? std::nullopt : std::optional(found.front());
}

std::vector<Descriptor> polled_descriptors(const Event& event) { return descriptors(event, SAKER_POLLED); }

std::optional<std::vector<Descriptor>> open_descriptors(const Event& event) {
  const std::string_view bytes = find_part(event, SAKER_PART_FILES, 0);
  if (bytes.data() == nullptr) return std::nullopt;
  std::vector<Descriptor> found;
  saker_listed_file file;
  for (std::size_t at = 0; at + sizeof(file) <= bytes.size(); at += sizeof(file)) {
    std::memcpy(&file, bytes.data() + at, sizeof(file));
    found.push_back(listed(file, bytes.substr(at + offsetof(saker_listed_file, name), sizeof(file.name))));
  }
  return found;
}

}  // namespace saker::event
