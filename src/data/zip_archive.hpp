#pragma once

#include <map>
#include <string>
#include <string_view>

namespace oneproxy {

/// The entries of a zip archive whose entries are stored as they are (PyTorch's are), as views of `content`.
/// @throws InputError where it is no such archive.
std::map<std::string, std::string_view> zip_entries(std::string_view content, const std::string& name);

}  // namespace oneproxy
