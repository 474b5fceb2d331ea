// Configuration files of the relay, templates included.
#include <cstdint>
#include <string_view>

#include "relay/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  saker::relay::load_config_text("relay.yaml", {reinterpret_cast<const char*>(data), size},
                                 [](const char*) -> const char* { return nullptr; });
  return 0;
}
