#pragma once

#include <string>
#include <vector>

#include "oneproxy/predict/linear.hpp"
#include "oneproxy/reproduce/figure.hpp"

namespace oneproxy {

/// Published tables of the operators of MobileNet-V2 spaces (224 x 224 pixels, width 1), summed up to latencies of
/// whole networks: five stages of depth 2, 3 or 4, then one block.
namespace operator_tables {

constexpr const char* proxylessnas_file = "operator_tables/proxylessnas_224_lut.csv";
constexpr const char* tfnas_file = "operator_tables/tfnas_mbv2_lut.csv";

/// Kernels 3, 5, 7 (or 3, 5, which both tables have), expansions 3, 6. `fourth_stage_channels`: 96 in ProxylessNAS's
/// table, 112 in TF-NAS's; everything else is the same in both.
SpacePtr space(bool kernel_7, int fourth_stage_channels = 96);

/// Latency predictors over space(kernel_7). `column` "hancai_mobile_ms" or "itouchz_pixel_ms".
LinearPredictor proxylessnas(const std::filesystem::path& file, const SpacePtr& space, bool kernel_7,
                             const std::string& column);
/// `column` "xeon_gold_6130_bs1_ms" or "titan_rtx_bs32_ms"; over space(false), whatever its fourth stage's channels.
LinearPredictor tfnas(const std::filesystem::path& file, const SpacePtr& space, const std::string& column);

}  // namespace operator_tables
}  // namespace oneproxy
