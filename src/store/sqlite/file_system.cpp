#include "store/sqlite/file_system.hpp"

#include <sys/vfs.h>

#include <array>
#include <filesystem>
#include <utility>

namespace holdfast::sqlite {
namespace {

// From <linux/magic.h> and the file systems' own sources; most of them are in no header.
constexpr std::array<std::pair<std::uint64_t, std::string_view>, 19> untrusted{{
    {0x6969, "NFS"},
    {0x517B, "SMB"},
    {0xFE534D42, "SMB2"},
    {0xFF534D42, "CIFS"},
    {0x65735546, "FUSE or virtiofs"},
    {0x01021997, "9p"},
    {0x786F4256, "a VirtualBox shared folder (vboxsf)"},
    {0xBACBACBC, "a VMware shared folder (vmhgfs)"},
    {0x7C7C6673, "a Parallels shared folder (prl_fs)"},
    {0x00C36400, "Ceph"},
    {0x01161970, "GFS2"},
    {0x7461636F, "OCFS2"},
    {0x5346414F, "AFS"},
    {0x6B414653, "AFS"},
    {0x73757245, "Coda"},
    {0x564C, "NCP"},
    {0x0BD00BD0, "Lustre"},
    {0x47504653, "GPFS"},
    {0x19830326, "BeeGFS"},
}};

std::optional<std::string_view> untrusted_at(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) != 0) return std::nullopt;
  // f_type is signed and as wide as the machine's word; the numbers have 32 bits.
  return untrusted_file_system(static_cast<std::uint32_t>(info.f_type));
}

}  // namespace

std::optional<std::string_view> untrusted_file_system(std::uint64_t type) noexcept {
  for (const auto& [number, name] : untrusted) {
    if (number == type) return name;
  }
  return std::nullopt;
}

status check_file_system(const std::string& path, const std::string& shown) {
  // Both: the file may be a link to another file system, and the log is made beside the file.
  auto found = untrusted_at(path);
  if (!found) found = untrusted_at(std::filesystem::path{path}.parent_path().string());
  if (!found) return {};
  return {errc::misconfigured, shown + ": the file is on " + std::string{*found} +
                                   ", where locks between processes and hosts can't be trusted; put the database on "
                                   "a local file system, or use a store with a server"};
}

}  // namespace holdfast::sqlite
