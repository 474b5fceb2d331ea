// Record bytes → Event. The bytes come from the kernel or from a recording and are not trusted: every
// length is checked, and a record that breaks the layout is refused with a reason, never read past.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "event/event.h"

namespace saker::event {

// The views in the Event point into `record`. Unknown parts are skipped; an unknown record type is
// kUnsupported, a broken layout kInvalid.
Result<Event> decode(std::span<const std::byte> record);
// The same into an Event that is used again and again; after an error it holds nothing of use. Numbers that
// the pipeline sets (number, wall_ns) are left alone.
Result<> decode_into(std::span<const std::byte> record, Event& event);

}  // namespace saker::event
