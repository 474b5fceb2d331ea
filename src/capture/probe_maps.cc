#include "capture/probe_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>

#include "base/fd.h"
#include "capture/probe_log.h"

namespace saker::capture {
namespace {

UniqueFd create(const bpf_map& map, std::uint32_t ring_bytes) {
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = bpf_map__map_flags(&map);
  UniqueFd inner;  // tells the kernel what maps there will be in this one
  if (bpf_map__type(&map) == BPF_MAP_TYPE_ARRAY_OF_MAPS) {
    inner.reset(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "saker_ring", 0, 0, ring_bytes, nullptr));
    if (!inner) return {};
    options.inner_map_fd = static_cast<__u32>(inner.get());
  }
  return UniqueFd(bpf_map_create(bpf_map__type(&map), bpf_map__name(&map), bpf_map__key_size(&map),
                                 bpf_map__value_size(&map), bpf_map__max_entries(&map), &options));
}

bool fill(const bpf_map& map, int fd) {
  std::size_t size = 0;
  const void* value = bpf_map__initial_value(const_cast<bpf_map*>(&map), &size);
  const std::uint32_t zero = 0;
  if (value == nullptr || bpf_map_update_elem(fd, &zero, value, BPF_ANY) != 0) return false;
  return (bpf_map__map_flags(&map) & BPF_F_RDONLY_PROG) == 0 || bpf_map_freeze(fd) == 0;
}

}  // namespace

Result<> make_maps(bpf_object& object, std::uint32_t ring_bytes) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, &object) {
    const UniqueFd fd = create(*map, ring_bytes);
    if (!fd || (bpf_map__is_internal(map) && !fill(*map, fd.get())) || bpf_map__reuse_fd(map, fd.get()) != 0)
      return probe_error("make the probe's maps", errno);
  }
  return {};
}

MapFds map_fds(const bpf_object& object) {
  MapFds fds;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, &object) fds.emplace_back(bpf_map__name(map), bpf_map__fd(map));
  return fds;
}

Result<> share_maps(const MapFds& maps, bpf_object& with) {
  for (const auto& [name, fd] : maps) {
    bpf_map* map = bpf_object__find_map_by_name(&with, name.c_str());
    if (map == nullptr || bpf_map__reuse_fd(map, fd) != 0)
      return probe_error("share the probe's maps", errno);
  }
  return {};
}

}  // namespace saker::capture
