#pragma once

#include <memory>

#include "oneproxy/base/description.hpp"
#include "oneproxy/measure/device.hpp"
#include "oneproxy/measure/engine.hpp"

namespace oneproxy {

// The closed list of engines and of other devices: each takes its settings from a description and finishes it.
// All throw InputError where the engine is absent or a setting cannot be had on this machine.
std::unique_ptr<Engine> make_onednn(Description description);
std::unique_ptr<Engine> make_onnxruntime(Description description);
std::unique_ptr<Engine> make_xnnpack(Description description);
std::unique_ptr<Engine> make_opencv(Description description);
std::unique_ptr<Engine> make_onnxruntime_web(Description description);
std::unique_ptr<Device> make_table_device(Description description);
std::unique_ptr<Device> make_command_device(Description description);
std::unique_ptr<Device> make_agent_device(Description description, const ProgressCallback& progress);

DeviceKind onednn_kind();
DeviceKind onnxruntime_kind();
DeviceKind xnnpack_kind();
DeviceKind opencv_kind();
DeviceKind onnxruntime_web_kind();
DeviceKind command_kind();
DeviceKind agent_kind();

/// Mean of the middle half, which one interruption does not move. Precondition: not empty.
double middle_mean(std::vector<double> values);

/// Widest vector instructions of this processor: "avx512", "avx2", "sse41", or "" elsewhere.
std::string widest_isa();
/// Facts of this machine without an engine.
MachineFacts machine_facts();
/// Now, for processor `core` (-1: processor 0).
SystemState system_state(int core);

}  // namespace oneproxy
