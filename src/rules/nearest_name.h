// Which known name an unknown one was probably meant to be.
#pragma once

#include <span>
#include <string_view>

namespace saker::rules {

// The nearest of `names`; empty when none is near enough to be worth a guess.
std::string_view nearest_name(std::string_view unknown, std::span<const std::string_view> names);

}  // namespace saker::rules
