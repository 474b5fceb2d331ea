// Calls that read, write, wait, and handle descriptors.
#include <iterator>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

using namespace rows;

constexpr Parameter kClose[] = {kRes, fd("fd", 0)};
constexpr Parameter kCloseRange[] = {kRes, number("first", 0, Number::kU32), number("last", 1, Number::kU32),
                                     flags("flags", 2, Symbols::kCloseRangeFlags)};
constexpr Parameter kDup[] = {kResultFdRes, fd("oldfd", 0)};
constexpr Parameter kDup2[] = {kResultFdRes, fd("oldfd", 0), number("newfd", 1, Number::kS32)};
constexpr Parameter kDup3[] = {kResultFdRes, fd("oldfd", 0), number("newfd", 1, Number::kS32),
                               flags("flags", 2, Symbols::kDescriptorFlags)};
constexpr Parameter kEpollCreate[] = {special("res", Kind::kResult), number("size", 0, Number::kS32)};
constexpr Parameter kEpollCreate1[] = {special("res", Kind::kResult),
                                       flags("flags", 0, Symbols::kEpollFlags)};
constexpr Parameter kEpollWait[] = {kRes, number("maxevents", 2, Number::kS32)};
constexpr Parameter kFcntl[] = {kResultFdRes, fd("fd", 0), symbol("cmd", 1, Symbols::kFcntlCommand),
                                number("arg", 2, Number::kU64, Base::kHex)};
constexpr Parameter kIoUringEnter[] = {kRes,
                                       fd("fd", 0),
                                       number("to_submit", 1, Number::kU32),
                                       number("min_complete", 2, Number::kU32),
                                       flags("flags", 3, Symbols::kUringEnterFlags),
                                       signal_set("sig", 4)};
constexpr Parameter kIoUringRegister[] = {
    kRes, fd("fd", 0), symbol("opcode", 1, Symbols::kUringRegisterOpcode),
    number("arg", 2, Number::kU64, Base::kHex), number("nr_args", 3, Number::kU32)};
constexpr Parameter kIoUringSetup[] = {special("res", Kind::kResult),
                                       number("entries", 0, Number::kU32),
                                       fixed("sq_entries", 1, 0, Number::kU32, 24),
                                       fixed("cq_entries", 1, 4, Number::kU32, 24),
                                       fixed_flags("flags", 1, 8, Symbols::kUringSetupFlags, 24),
                                       fixed("sq_thread_cpu", 1, 12, Number::kU32, 24),
                                       fixed("sq_thread_idle", 1, 16, Number::kU32, 24),
                                       fixed_flags("features", 1, 20, Symbols::kUringFeatures, 24)};
constexpr Parameter kIoctl[] = {kRes, fd("fd", 0), number("request", 1, Number::kU64, Base::kHex),
                                number("argument", 2, Number::kU64, Base::kHex)};
constexpr Parameter kPoll[] = {kRes, polled("fds", 0), number("timeout", 2, Number::kS64)};
constexpr Parameter kPpoll[] = {kRes, polled("fds", 0), interval("timeout", 2), signal_set("sigmask", 3)};
constexpr Parameter kPread[] = {kRes, data_out("data", 1), fd("fd", 0), number("size", 2, Number::kU32),
                                number("pos", 3, Number::kU64)};
constexpr Parameter kPreadv[] = {kRes, vector_size(), vector_out("data", 1), fd("fd", 0),
                                 number("pos", 3, Number::kU64)};
constexpr Parameter kPwrite[] = {kRes, data("data", 1), fd("fd", 0), number("size", 2, Number::kU32),
                                 number("pos", 3, Number::kU64)};
constexpr Parameter kPwritev[] = {kRes, vector("data", 1), fd("fd", 0), vector_size(),
                                  number("pos", 3, Number::kU64)};
constexpr Parameter kRead[] = {kRes, data_out("data", 1), fd("fd", 0), number("size", 2, Number::kU32)};
constexpr Parameter kReadv[] = {kRes, vector_size(), vector_out("data", 1), fd("fd", 0)};
constexpr Parameter kRecv[] = {kRes, data_out("data", 1), fd("fd", 0), number("size", 2, Number::kU32),
                               tuple(kNoArgument)};
constexpr Parameter kRecvfrom[] = {kRes, data_out("data", 1), tuple(4, SAKER_ARGUMENT_SOCKADDR_OUT),
                                   fd("fd", 0), number("size", 2, Number::kU32)};
constexpr Parameter kMessageControl = bytes("msgcontrol", Kind::kControl);
constexpr Parameter kRecvmmsg[] = {
    kRes,     fd("fd", 0),    special("size", Kind::kResultNumber), messages_out("data", 1),
    tuple(0), kMessageControl};
constexpr Parameter kRecvmsg[] = {
    kRes,       special("size", Kind::kResultNumber), message_out("data", 1), tuple(0), kMessageControl,
    fd("fd", 0)};
constexpr Parameter kSend[] = {kRes, data("data", 1), fd("fd", 0), number("size", 2, Number::kU32),
                               tuple(kNoArgument)};
constexpr Parameter kSendfile[] = {kRes, fixed("offset", 2, 0, Number::kU64, 8), fd("out_fd", 0),
                                   fd("in_fd", 1), number("size", 3, Number::kU64)};
constexpr Parameter kSendmmsg[] = {kRes, fd("fd", 0), vector_size(), messages("data", 1), tuple(0)};
constexpr Parameter kSendmsg[] = {kRes, message("data", 1), fd("fd", 0), vector_size(), tuple(0)};
constexpr Parameter kSendto[] = {kRes, data("data", 1), fd("fd", 0), number("size", 2, Number::kU32),
                                 tuple(4, SAKER_ARGUMENT_SOCKADDR)};
constexpr Parameter kSplice[] = {kRes, fd("fd_in", 0), fd("fd_out", 2), number("size", 4, Number::kU64),
                                 flags("flags", 5, Symbols::kSpliceFlags)};
constexpr Parameter kWrite[] = {kRes, data("data", 1), fd("fd", 0), number("size", 2, Number::kU32)};
constexpr Parameter kWritev[] = {kRes, vector("data", 1), fd("fd", 0), vector_size()};

constexpr Schema kRows[] = {
    {"close", Category::kIoOther, kUsesFd, kClose},
    {"close_range", Category::kIoOther, kNoTraits, kCloseRange},
    {"dup", Category::kIoOther, kCreatesFd, kDup},
    {"dup2", Category::kIoOther, kCreatesFd, kDup2},
    {"dup3", Category::kIoOther, kCreatesFd, kDup3},
    {"epoll_create", Category::kWait, kCreatesFd, kEpollCreate},
    {"epoll_create1", Category::kWait, kCreatesFd, kEpollCreate1},
    {"epoll_wait", Category::kWait, kWaits, kEpollWait},
    {"fcntl", Category::kIoOther, kUsesFd, kFcntl},
    {"io_uring_enter", Category::kIoOther, kUsesFd, kIoUringEnter},
    {"io_uring_register", Category::kIoOther, kUsesFd, kIoUringRegister},
    {"io_uring_setup", Category::kIoOther, kCreatesFd, kIoUringSetup},
    {"ioctl", Category::kIoOther, kUsesFd, kIoctl},
    {"poll", Category::kWait, kWaits, kPoll},
    {"ppoll", Category::kWait, kWaits, kPpoll},
    {"pread", Category::kIoRead, kUsesFd | kReads, kPread},
    {"preadv", Category::kIoRead, kUsesFd | kReads, kPreadv},
    {"pwrite", Category::kIoWrite, kUsesFd | kWrites, kPwrite},
    {"pwritev", Category::kIoWrite, kUsesFd | kWrites, kPwritev},
    {"read", Category::kIoRead, kUsesFd | kReads, kRead},
    {"readv", Category::kIoRead, kUsesFd | kReads, kReadv},
    {"recv", Category::kIoRead, kUsesFd | kReads, kRecv},
    {"recvfrom", Category::kIoRead, kUsesFd | kReads, kRecvfrom},
    {"recvmmsg", Category::kIoRead, kUsesFd | kReads, kRecvmmsg},
    {"recvmsg", Category::kIoRead, kUsesFd | kReads, kRecvmsg},
    {"select", Category::kWait, kWaits, kResultOnly},
    {"send", Category::kIoWrite, kUsesFd | kWrites, kSend},
    {"sendfile", Category::kIoWrite, kUsesFd, kSendfile},
    {"sendmmsg", Category::kIoWrite, kUsesFd | kWrites, kSendmmsg},
    {"sendmsg", Category::kIoWrite, kUsesFd | kWrites, kSendmsg},
    {"sendto", Category::kIoWrite, kUsesFd | kWrites, kSendto},
    {"splice", Category::kIoOther, kUsesFd, kSplice},
    {"write", Category::kIoWrite, kUsesFd | kWrites, kWrite},
    {"writev", Category::kIoWrite, kUsesFd | kWrites, kWritev},
};

}  // namespace

std::span<const Schema> input_output_schemas() { return kRows; }

}  // namespace saker::event
