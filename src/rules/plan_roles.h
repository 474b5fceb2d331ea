// Which calls tell who began a connection, and which fields of others lean on it (state/sockets.h).
//
// A bind is not among them: many who send first have bound their socket, and to take them for servers would
// hide whom they call.
#pragma once

#include <cstdint>

#include "event/types.h"
#include "fields/catalogue.h"

namespace saker::rules {

enum class Tells : std::uint8_t {
  kNothing,
  kBeginning,  // of a connection, or that a socket serves
  kSending,    // a datagram, which is the beginning when nothing was before
};
Tells tells_role(event::TypeId type);

// Whether the field, in an event of the type, has another value when it is known who began.
bool leans_on_role(event::TypeId type, const fields::FieldRef& ref);
// Whether it is about what came before on the same socket.
bool asks_for_changes(event::TypeId type, const fields::FieldRef& ref);

}  // namespace saker::rules
