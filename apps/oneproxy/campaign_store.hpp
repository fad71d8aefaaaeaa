#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "oneproxy/store/store.hpp"

namespace oneproxy::cli {

/// The store of a command, and which of its runs to write to: a new one, or with --resume the last one of the same
/// settings.
class CampaignStore {
 public:
  CampaignStore(const std::filesystem::path& file, bool resume);

  /// `settings` of the command are kept, and compared where a run is continued.
  /// @throws InputError where there is no run to resume, naming the setting in which the last one differs.
  std::int64_t begin(const std::string& command, const SearchSpace& space, const Device& device,
                     const Protocol& protocol, std::uint64_t seed, const nlohmann::json& settings);
  Store& store() { return store_; }

 private:
  std::filesystem::path file_;
  bool resume_;
  Store store_;
};

}  // namespace oneproxy::cli
