#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "oneproxy/pipeline/device_campaign.hpp"

namespace oneproxy {

/// Everything but the raw runs (docs/formats/campaign.md).
nlohmann::json campaign_json(const CampaignPlan& plan, const CampaignResult& result);

/// For people: a table of the devices and the SRCC of every pair for each space, the ten fastest networks with ties,
/// and the warnings.
std::string campaign_text(const CampaignPlan& plan, const CampaignResult& result);

/// Writes campaign.json, campaign.txt and a table of medians for each space, latency1.csv and so on, into `folder`.
/// Devices that failed have no column. @throws InputError where a file cannot be written.
void write_campaign_files(const std::filesystem::path& folder, const CampaignPlan& plan, const CampaignResult& result);

}  // namespace oneproxy
