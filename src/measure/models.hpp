#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "oneproxy/base/description.hpp"
#include "oneproxy/measure/latency_model.hpp"

namespace oneproxy {

// The closed list of devices on paper; each takes its settings from a description and finishes it.
std::unique_ptr<LatencyModel> make_fpga(Description description);
std::unique_ptr<LatencyModel> make_roofline(Description description);
std::unique_ptr<LatencyModel> make_gables(Description description);

DeviceKind fpga_kind();
DeviceKind roofline_kind();
DeviceKind gables_kind();

/// The shortest text that reads back as `value`.
std::string number_text(double value);

/// A setting above 0; without a default (`fallback` 0) it must be there. @throws InputError where it is not.
double take_positive(Description& description, std::string_view key, double fallback = 0);

/// fp32 bytes that a layer moves: it reads its inputs and weights and writes its output (as NetworkCosts::bytes).
double moved_bytes(const Network& network, const Layer& layer);

}  // namespace oneproxy
