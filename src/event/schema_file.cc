// Calls on files and file systems.
#include <iterator>

#include "event/schema_rows.h"

namespace saker::event {
namespace {

using namespace rows;

constexpr Parameter kOpenFd = special("fd", Kind::kOpenFd);
constexpr Parameter kOpenDirfd = special("dirfd", Kind::kOpenDirfd);
constexpr Parameter kOpenName = special("name", Kind::kOpenName);
constexpr Parameter kOpenFlags = special("flags", Kind::kOpenFlags, Base::kHex);
constexpr Parameter kOpenMode = special("mode", Kind::kOpenMode, Base::kOctal);
constexpr Parameter kOpenDev = special("dev", Kind::kOpenDev, Base::kHex);
constexpr Parameter kOpenIno = special("ino", Kind::kOpenIno);
constexpr Parameter kOpen[] = {kOpenFd, kOpenName, kOpenFlags, kOpenMode, kOpenDev, kOpenIno};
constexpr Parameter kOpenat[] = {kOpenFd, kOpenDirfd, kOpenName, kOpenFlags, kOpenMode, kOpenDev, kOpenIno};
constexpr Parameter kOpenat2[] = {kOpenFd,    kOpenDirfd, kOpenName,
                                  kOpenFlags, kOpenMode,  special("resolve", Kind::kOpenResolve, Base::kHex),
                                  kOpenDev,   kOpenIno};
constexpr Parameter kCreat[] = {kOpenFd,  kOpenName, kOpenMode,
                                kOpenDev, kOpenIno,  special("creat_flags", Kind::kOpenLayers, Base::kHex)};
constexpr Parameter kOpenByHandle[] = {kOpenFd,    special("mountfd", Kind::kOpenDirfd),
                                       kOpenFlags, special("path", Kind::kOpenHandlePath),
                                       kOpenDev,   kOpenIno};
constexpr Parameter kAccess[] = {kRes, path("name", 0), flags("mode", 1, Symbols::kAccessMode)};
constexpr Parameter kChdir[] = {kRes, text("path", 0)};
constexpr Parameter kChmod[] = {kRes, path("filename", 0), mode("mode", 1, Symbols::kFileMode)};
constexpr Parameter kChown[] = {kRes, path("path", 0), number("uid", 1, Number::kU32),
                                number("gid", 2, Number::kU32)};
constexpr Parameter kCopyFileRange[] = {kRes,
                                        fd("fdout", 2),
                                        fixed("offout", 3, 0, Number::kU64, 8),
                                        fd("fdin", 0),
                                        fixed("offin", 1, 0, Number::kU64, 8),
                                        number("len", 4, Number::kU64)};
constexpr Parameter kFchdir[] = {kRes, fd("fd", 0)};
constexpr Parameter kFchmod[] = {kRes, fd("fd", 0), mode("mode", 1, Symbols::kFileMode)};
constexpr Parameter kFchmodat[] = {kRes, fd("dirfd", 0), relative_path("filename", 1),
                                   mode("mode", 2, Symbols::kFileMode)};
constexpr Parameter kFchown[] = {kRes, fd("fd", 0), number("uid", 1, Number::kU32),
                                 number("gid", 2, Number::kU32)};
constexpr Parameter kFchownat[] = {kRes,
                                   fd("dirfd", 0),
                                   relative_path("pathname", 1),
                                   number("uid", 2, Number::kU32),
                                   number("gid", 3, Number::kU32),
                                   flags("flags", 4, Symbols::kChownFlags)};
constexpr Parameter kFlock[] = {kRes, fd("fd", 0), flags("operation", 1, Symbols::kFlockOperation)};
constexpr Parameter kGetcwd[] = {kRes, text("path", 0)};
constexpr Parameter kLink[] = {kRes, path("oldpath", 0), path("newpath", 1)};
constexpr Parameter kLinkat[] = {kRes,
                                 fd("olddir", 0),
                                 relative_path("oldpath", 1),
                                 fd("newdir", 2),
                                 relative_path("newpath", 3),
                                 flags("flags", 4, Symbols::kLinkFlags)};
constexpr Parameter kLlseek[] = {kRes, fd("fd", 0), special("offset", Kind::kLlseekOffset),
                                 symbol("whence", 4, Symbols::kSeekWhence)};
constexpr Parameter kLseek[] = {kRes, fd("fd", 0), number("offset", 1, Number::kU64),
                                symbol("whence", 2, Symbols::kSeekWhence)};
constexpr Parameter kLstat[] = {kRes, path("path", 0)};
constexpr Parameter kMkdir[] = {kRes, path("path", 0), number("mode", 1, Number::kU32, Base::kHex)};
constexpr Parameter kMkdirat[] = {kRes, fd("dirfd", 0), relative_path("path", 1),
                                  number("mode", 2, Number::kU32, Base::kHex)};
constexpr Parameter kMknod[] = {kRes, path("path", 0), mode("mode", 1, Symbols::kNodeMode),
                                number("dev", 2, Number::kU32)};
constexpr Parameter kMknodat[] = {kRes, fd("dirfd", 0), relative_path("path", 1),
                                  mode("mode", 2, Symbols::kNodeMode), number("dev", 3, Number::kU32)};
constexpr Parameter kMount[] = {kRes, text("dev", 0), path("dir", 1), text("type", 2),
                                flags("flags", 3, Symbols::kMountFlags)};
constexpr Parameter kNewfstatat[] = {kRes, fd("dirfd", 0), relative_path("path", 1),
                                     flags("flags", 3, Symbols::kStatFlags)};
constexpr Parameter kRenameat[] = {kRes, fd("olddirfd", 0), relative_path("oldpath", 1), fd("newdirfd", 2),
                                   relative_path("newpath", 3)};
constexpr Parameter kRenameat2[] = {kRes,
                                    fd("olddirfd", 0),
                                    relative_path("oldpath", 1),
                                    fd("newdirfd", 2),
                                    relative_path("newpath", 3),
                                    flags("flags", 4, Symbols::kRenameFlags)};
constexpr Parameter kSymlink[] = {kRes, text("target", 0), path("linkpath", 1)};
constexpr Parameter kSymlinkat[] = {kRes, text("target", 0), fd("linkdirfd", 1),
                                    relative_path("linkpath", 2)};
constexpr Parameter kUmount[] = {kRes, path("name", 0)};
constexpr Parameter kUmount2[] = {kRes, path("name", 0), flags("flags", 1, Symbols::kUmountFlags)};
constexpr Parameter kUnlinkat[] = {kRes, fd("dirfd", 0), relative_path("name", 1),
                                   flags("flags", 2, Symbols::kUnlinkFlags)};
constexpr Parameter kUserfaultfd[] = {special("res", Kind::kResult),
                                      flags("flags", 0, Symbols::kDescriptorFlags)};

constexpr Schema kRows[] = {
    {"open", Category::kFile, kCreatesFd, kOpen},
    {"openat", Category::kFile, kCreatesFd, kOpenat},
    {"openat2", Category::kFile, kCreatesFd, kOpenat2},
    {"creat", Category::kFile, kCreatesFd, kCreat},
    {"open_by_handle_at", Category::kFile, kCreatesFd, kOpenByHandle},
    {"access", Category::kFile, kNoTraits, kAccess},
    {"chdir", Category::kFile, kNoTraits, kChdir},
    {"chmod", Category::kFile, kNoTraits, kChmod},
    {"chown", Category::kFile, kNoTraits, kChown},
    {"copy_file_range", Category::kFile, kUsesFd | kReads | kWrites, kCopyFileRange},
    {"fchdir", Category::kFile, kUsesFd, kFchdir},
    {"fchmod", Category::kFile, kUsesFd, kFchmod},
    {"fchmodat", Category::kFile, kUsesFd, kFchmodat},
    {"fchown", Category::kFile, kUsesFd, kFchown},
    {"fchownat", Category::kFile, kUsesFd, kFchownat},
    {"flock", Category::kFile, kUsesFd, kFlock},
    {"fstat", Category::kFile, kUsesFd, kFchdir},
    {"fstat64", Category::kFile, kNoTraits, kResultOnly},
    {"getcwd", Category::kFile, kNoTraits, kGetcwd},
    {"getdents", Category::kFile, kUsesFd, kFchdir},
    {"getdents64", Category::kFile, kUsesFd, kFchdir},
    {"lchown", Category::kFile, kNoTraits, kChown},
    {"link", Category::kFile, kNoTraits, kLink},
    {"linkat", Category::kFile, kNoTraits, kLinkat},
    {"llseek", Category::kFile, kUsesFd, kLlseek},
    {"lseek", Category::kFile, kUsesFd, kLseek},
    {"lstat", Category::kFile, kNoTraits, kLstat},
    {"lstat64", Category::kFile, kNoTraits, kLstat},
    {"mkdir", Category::kFile, kNoTraits, kMkdir},
    {"mkdirat", Category::kFile, kUsesFd, kMkdirat},
    {"mknod", Category::kOther, kNoTraits, kMknod},
    {"mknodat", Category::kOther, kUsesFd, kMknodat},
    {"mount", Category::kFile, kNoTraits, kMount},
    {"newfstatat", Category::kFile, kUsesFd, kNewfstatat},
    {"rename", Category::kFile, kNoTraits, kLink},
    {"renameat", Category::kFile, kNoTraits, kRenameat},
    {"renameat2", Category::kFile, kNoTraits, kRenameat2},
    {"rmdir", Category::kFile, kNoTraits, kLstat},
    {"stat", Category::kFile, kNoTraits, kLstat},
    {"stat64", Category::kFile, kNoTraits, kLstat},
    {"symlink", Category::kFile, kNoTraits, kSymlink},
    {"symlinkat", Category::kFile, kUsesFd, kSymlinkat},
    {"umount", Category::kFile, kNoTraits, kUmount},
    {"umount2", Category::kFile, kNoTraits, kUmount2},
    {"unlink", Category::kFile, kNoTraits, kLstat},
    {"unlinkat", Category::kFile, kUsesFd, kUnlinkat},
    {"userfaultfd", Category::kFile, kCreatesFd, kUserfaultfd},
};

}  // namespace

std::span<const Schema> file_schemas() { return kRows; }

}  // namespace saker::event
