// Calls on sockets.
#include <iterator>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

using namespace rows;

constexpr Parameter kAccept[] = {kResultFd, tuple(kNoArgument), of_listener("queuepct", Kind::kQueuePercent),
                                 of_listener("queuelen", Kind::kQueueLength),
                                 of_listener("queuemax", Kind::kQueueMax)};
constexpr Parameter kAccept4[] = {kResultFd,
                                  tuple(kNoArgument),
                                  of_listener("queuepct", Kind::kQueuePercent),
                                  of_listener("queuelen", Kind::kQueueLength),
                                  of_listener("queuemax", Kind::kQueueMax),
                                  number("flags", 3, Number::kS32, Base::kHex)};
constexpr Parameter kBind[] = {kRes, address("addr", 1), fd("fd", 0)};
constexpr Parameter kConnect[] = {kRes, tuple(1), fd("fd", 0), address("addr", 1)};
constexpr Parameter kGetsockopt[] = {kRes,
                                     fd("fd", 0),
                                     symbol("level", 1, Symbols::kSocketLevel),
                                     socket_option("optname", 2),
                                     fixed("val", 3, 0, Number::kS32, 4),
                                     fixed("optlen", 4, 0, Number::kU32, 4)};
constexpr Parameter kListen[] = {kRes, fd("fd", 0), number("backlog", 1, Number::kS32)};
constexpr Parameter kSetsockopt[] = {kRes,
                                     fd("fd", 0),
                                     symbol("level", 1, Symbols::kSocketLevel),
                                     socket_option("optname", 2),
                                     fixed("val", 3, 0, Number::kS32, 4),
                                     number("optlen", 4, Number::kU32)};
constexpr Parameter kShutdown[] = {kRes, fd("fd", 0), symbol("how", 1, Symbols::kShutdownHow, Base::kHex)};
constexpr Parameter kSocket[] = {kResultFd, symbol("domain", 0, Symbols::kSocketDomain),
                                 socket_type("type", 1), number("proto", 2, Number::kU32),
                                 flags("flags", 1, Symbols::kDescriptorFlags)};
constexpr Parameter kSocketpair[] = {kRes,
                                     pair_fd("fd1", 3, 0),
                                     pair_fd("fd2", 3, 1),
                                     special("source", Kind::kPairSource, Base::kHex),
                                     special("peer", Kind::kPairPeer, Base::kHex),
                                     symbol("domain", 0, Symbols::kSocketDomain),
                                     socket_type("type", 1),
                                     number("proto", 2, Number::kU32)};

constexpr Schema kRows[] = {
    {"accept", Category::kNet, kCreatesFd, kAccept},
    {"accept4", Category::kNet, kCreatesFd, kAccept4},
    {"bind", Category::kNet, kUsesFd, kBind},
    {"connect", Category::kNet, kUsesFd, kConnect},
    {"getpeername", Category::kNet, kNoTraits, {}},
    {"getsockname", Category::kNet, kNoTraits, {}},
    {"getsockopt", Category::kNet, kUsesFd, kGetsockopt},
    {"listen", Category::kNet, kUsesFd, kListen},
    {"setsockopt", Category::kNet, kUsesFd, kSetsockopt},
    {"shutdown", Category::kNet, kUsesFd, kShutdown},
    {"socket", Category::kNet, kCreatesFd, kSocket},
    {"socketpair", Category::kIpc, kCreatesFd, kSocketpair},
};

}  // namespace

std::span<const Schema> network_schemas() { return kRows; }

}  // namespace saker::event
