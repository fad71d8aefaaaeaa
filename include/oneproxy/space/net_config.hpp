#pragma once

#include <nlohmann/json_fwd.hpp>

#include "oneproxy/space/network.hpp"

namespace oneproxy {

/// A network of inverted residual blocks as the JSON by which others build it in PyTorch:
/// - of the form of ofa_mobilenet_v3 (features, pool, one more convolution, classifier): class MobileNetV3 of
///   Once-for-All (mit-han-lab/once-for-all, 80a2e26, ofa/imagenet_classification/networks/mobilenet_v3.py);
/// - of the form of mobilenet_v2 and proxyless_nas, with ReLU6 throughout and whole expansions: class ProxylessNASNets
///   of ProxylessNAS (mit-han-lab/proxylessnas, proxyless_nas/nas_modules.py), which Once-for-All reads as well.
/// `image_size` stands beside their fields. null where the network is of neither form, or a block expands to as many
/// channels as go in, which they cannot tell. A batch normalisation that is folded into our weights is a layer of its
/// own there.
nlohmann::ordered_json net_config(const Network& network);

}  // namespace oneproxy
