#include "campaign_store.hpp"

#include "oneproxy/base/error.hpp"

namespace oneproxy::cli {
namespace {

namespace fs = std::filesystem;

const fs::path& with_folder(const fs::path& file, bool resume) {
  std::error_code error;
  if (is_server(file.string())) return file;
  if (resume && !fs::exists(file, error)) throw InputError(file.string(), "does not exist; there is nothing to resume");
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  return file;
}

}  // namespace

CampaignStore::CampaignStore(const fs::path& file, bool resume)
    : file_(file), resume_(resume), store_(with_folder(file, resume)) {}

std::int64_t CampaignStore::begin(const std::string& command, const SearchSpace& space, const Device& device,
                                  const Protocol& protocol, std::uint64_t seed, const nlohmann::json& settings) {
  const RunSettings wanted{.command = command + (settings.is_null() ? "" : " " + settings.dump()),
                           .seed = seed,
                           .space = space.description(),
                           .device = device.description(),
                           .protocol = protocol,
                           .facts = device.facts()};
  if (!resume_) return store_.begin_run(wanted);
  std::string last_difference;
  for (const auto& run : store_.runs()) {
    const std::string differs = difference(run.settings, wanted);
    if (differs.empty()) {
      store_.claim(run.id);
      return run.id;
    }
    // A campaign over several devices leaves one run each; a device that it had not come to yet begins now.
    if (run.settings.device != wanted.device && command == "measure") continue;
    // Whole networks come after the operators of a lookup table.
    if (command == "lookup-table networks" && run.settings.command.starts_with("lookup-table operators")) continue;
    if (last_difference.empty()) last_difference = differs;
  }
  if (last_difference.empty()) return store_.begin_run(wanted);
  throw InputError(file_.string() + ", --resume", "the run there differs: " + last_difference);
}

}  // namespace oneproxy::cli
