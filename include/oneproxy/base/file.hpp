#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace oneproxy {

/// The whole file. @throws InputError where it is missing, a folder or unreadable.
std::string read_file(const std::filesystem::path& file);
/// Writes beside the file and renames, so that a reader sees the old or the new content, never half of it
/// (a device or pipe is written to as it is). Makes missing folders. @throws InputError where not all of it could be
/// written (a full disk).
void write_file(const std::filesystem::path& file, std::string_view content);
/// Now, UTC, ISO 8601 with seconds.
std::string utc_now();

}  // namespace oneproxy
