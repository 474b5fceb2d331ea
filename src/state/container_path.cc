// Layouts of cgroup paths, engine by engine, in Falco's order; its quirks are kept because users' rules name
// the ids that come out. Covered by containers_test.cc and the conformance cases.
#include <algorithm>

#include "state/containers.h"

namespace saker::state {
namespace {

constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kShortId = 12;
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

ContainerMatch match(std::string_view id, std::string_view engine) {
  return {std::string(id.substr(0, kShortId)), std::string(id), engine};
}

struct Layout {
  EngineBits bit;
  std::string_view engine, prefix, suffix;
};

// 64 hex digits between the last occurrence of the prefix and that of the suffix, or the end.
constexpr Layout kLayouts[] = {
    {kPodman, "podman", "/libpod-", ".scope"},
    {kPodman, "podman", "/libpod-", ".scope/container"},
    {kPodman, "podman", "/libpod-", ""},
    {kPodman, "podman", "/libpod-payload-", ".scope"},
    {kPodman, "podman", "/libpod-payload-", ".scope/container"},
    {kPodman, "podman", "/libpod-payload-", ""},
    {kDocker, "docker", "/", ""},
    {kDocker, "docker", "/docker-", ".scope"},
    {kCri, "cri", "/crio-", ""},
    {kCri, "cri", "/cri-containerd-", ".scope"},
    {kCri, "cri", "/crio-", ".scope"},
    {kCri, "cri", ":cri-containerd:", ""},
    {kCri, "cri", "/nerdctl-", ".scope"},
    // Reached only where Docker's are off.
    {kCri, "cri", "/", ""},
    {kCri, "cri", "/docker-", ".scope"},
};

std::optional<std::string_view> id_in_layout(std::string_view path, const Layout& layout) {
  const std::size_t prefix = path.rfind(layout.prefix);
  if (prefix == std::string_view::npos) return std::nullopt;
  const std::size_t begin = prefix + layout.prefix.size();
  std::size_t end = path.size();
  if (!layout.suffix.empty()) {
    end = path.rfind(layout.suffix);
    if (end == std::string_view::npos) return std::nullopt;
  }
  if (end < begin || end - begin != kIdDigits) return std::nullopt;
  // Falco compares the place of the first other character, counted from the start of the path, with 64.
  const std::size_t other = path.find_first_not_of(kHexDigits, begin);
  if (other < kIdDigits) return std::nullopt;
  return path.substr(begin, kIdDigits);
}

std::optional<ContainerMatch> id_in_layouts(std::string_view path, std::uint8_t engines) {
  for (const Layout& layout : kLayouts) {
    if ((engines & layout.bit) == 0) continue;
    if (const auto id = id_in_layout(path, layout)) return match(*id, layout.engine);
  }
  return std::nullopt;
}

// A cgroup below that of a container: the init.scope of a systemd in there, CRI-O's `container`, or one that
// a process made to get out of sight. Falco takes these for the host; here they are in the container.
std::optional<ContainerMatch> enclosing_id(std::string_view path, std::uint8_t engines) {
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/')) {
    path = path.substr(0, slash);
    if (auto found = id_in_layouts(path, engines)) return found;
  }
  return std::nullopt;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters and digits, with single `.`, `_`, `-` between them.
bool is_namespace(std::string_view name) {
  bool joiner = true;  // none may stand first
  for (const char c : name) {
    if (is_alphanumeric(c)) {
      joiner = false;
    } else if ((c == '.' || c == '_' || c == '-') && !joiner) {
      joiner = true;
    } else {
      return false;
    }
  }
  return !name.empty() && !joiner;
}

// /NAMESPACE/ID, where ID is whatever the client called it.
std::optional<ContainerMatch> containerd_id(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  const std::size_t second = path.find('/', 1);
  if (second == std::string_view::npos || !is_namespace(path.substr(1, second - 1))) return std::nullopt;
  const std::string_view prefix = path.substr(0, second + 1);
  const std::string_view id = path.substr(path.rfind(prefix) + prefix.size());
  if (id.empty() || id.size() > kIdDigits) return std::nullopt;
  for (const std::string_view unit : {".service", ".slice", ".scope"}) {
    if (id.ends_with(unit)) return std::nullopt;
  }
  return match(id, "containerd");
}

std::optional<ContainerMatch> lxc_id(std::string_view path) {
  for (const std::string_view prefix : {"/lxc/", "/lxc.payload/", "/lxc.payload."}) {
    const std::size_t at = path.find(prefix);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = path.substr(at + prefix.size());
    const std::string_view id = rest.substr(0, rest.find('/'));
    if (!id.empty()) return match(id, "lxc");
  }
  return std::nullopt;
}

std::optional<ContainerMatch> libvirt_id(std::string_view path) {
  constexpr std::string_view kSuffix = ".libvirt-lxc", kScope = "-lxc\\x2d", kFolder = "/libvirt/lxc/";
  if (path.ends_with(kSuffix)) {
    const std::string_view rest = path.substr(0, path.size() - kSuffix.size());
    return match(rest.substr(rest.rfind('/') + 1), "libvirt_lxc");
  }
  if (const std::size_t at = path.find(kScope); at != std::string_view::npos) {
    const std::string_view rest = path.substr(at + kScope.size());
    for (const std::string_view end : {".scope/libvirt", ".scope"}) {
      if (rest.ends_with(end)) return match(rest.substr(0, rest.size() - end.size()), "libvirt_lxc");
    }
  }
  if (const std::size_t at = path.find(kFolder); at != std::string_view::npos) {
    const std::string_view id = path.substr(at + kFolder.size());
    if (!id.empty()) return match(id, "libvirt_lxc");
  }
  return std::nullopt;
}

std::optional<ContainerMatch> bpm_id(std::string_view path) {
  constexpr std::string_view kPrefix = "bpm-", kSuffix = ".scope";
  const std::size_t at = path.find(kPrefix);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = path.substr(at + kPrefix.size());
  const std::size_t end = rest.find(kSuffix);
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view id = rest.substr(0, end);
  const bool plain = std::all_of(
      id.begin(), id.end(), [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (!plain) return std::nullopt;
  return match(id, "bpm");
}

}  // namespace

std::optional<ContainerMatch> container_of_cgroup(std::string_view path, std::uint8_t engines) {
  const auto on = [engines](EngineBits bit) { return (engines & bit) != 0; };
  std::optional<ContainerMatch> found = id_in_layouts(path, engines);
  if (!found && on(kContainerd)) found = containerd_id(path);
  if (!found && on(kLxc)) found = lxc_id(path);
  if (!found && on(kLibvirtLxc)) found = libvirt_id(path);
  if (!found && on(kBpm)) found = bpm_id(path);
  return found ? found : enclosing_id(path, engines);
}

}  // namespace saker::state
