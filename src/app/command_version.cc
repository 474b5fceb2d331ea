#include <bpf/libbpf.h>
#include <fmt/format.h>

#include "app/commands.h"

#ifndef SAKER_VERSION
#error "the build passes SAKER_VERSION"
#endif

namespace saker::app {

std::string_view version() { return SAKER_VERSION; }

int command_version() {
  fmt::print("saker {}\nreads Falco rules up to engine version 0.63.0\nlibbpf {}\n", version(),
             libbpf_version_string());
  return kExitGood;
}

}  // namespace saker::app
