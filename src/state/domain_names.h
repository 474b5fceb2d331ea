// DomainNames: which of the names that rules ask about an address belongs to.
//
// Falco's meaning of fd.sip.name: a rule names a domain, the name is resolved now and then, and an address
// that it resolved to has that name. Names that no rule mentions are not known. Filled by
// capture/name_resolver.h, with a whole new table each time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace saker::state {

struct DomainNames {
  // 4 or 16 bytes in network order → names, sorted.
  std::map<std::string, std::vector<std::string>, std::less<>> by_address;
};

}  // namespace saker::state
