#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace oneproxy {

/// Whether this build has the page (it needs npm when it is built; docs/design/report.md).
bool has_page();

/// One HTML file that shows `result` (of read_result; null: nothing yet) and asks the network for nothing.
/// `live`: it asks the server that it came from for /live.json every second.
/// Precondition: has_page().
std::string page_html(const nlohmann::json& result, bool live = false);

/// Writes index.html into `folder` for the result.json there. @throws InputError where this build has no page, or
/// result.json is missing, no JSON, or of another kind or a newer version.
void write_page(const std::filesystem::path& folder);

/// What a page shows of `folder`: the content of its result.json; of a fleet also `device_lines`, at most 5,000 of
/// devices.jsonl, and `networks` of networks.csv. @throws InputError as above, for these files too.
nlohmann::json read_result(const std::filesystem::path& folder);

}  // namespace oneproxy
