#include "oneproxy/space/network_list.hpp"

#include <cassert>
#include <utility>

#include "oneproxy/base/error.hpp"

namespace oneproxy {
namespace {

constexpr std::size_t base = 256;  // an option is one byte
constexpr std::size_t digit_count = 3;

}  // namespace

NetworkList::NetworkList(std::string description, std::vector<NamedNetwork> networks)
    : description_(std::move(description)), networks_(std::move(networks)) {
  assert(networks_.size() <= base * base * base);
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    if (!index_of_.emplace(networks_[i].name, i).second) {
      throw InputError(description_, "network '" + networks_[i].name + "' stands twice");
    }
  }
  std::vector<std::string> digits;
  for (std::size_t i = 0; i < base; ++i) digits.push_back(std::to_string(i));
  decisions_.assign(digit_count, {"digit", digits});
}

Architecture NetworkList::architecture(std::size_t index) {
  Architecture x(digit_count);
  for (std::size_t digit = digit_count; digit-- > 0; index /= base) x[digit] = static_cast<std::uint8_t>(index % base);
  return x;
}

std::size_t NetworkList::index(const Architecture& x) {
  std::size_t index = 0;
  for (const std::uint8_t digit : x.choices()) index = index * base + digit;
  return index;
}

std::vector<Architecture> NetworkList::architectures() const {
  std::vector<Architecture> xs;
  for (std::size_t i = 0; i < networks_.size(); ++i) xs.push_back(architecture(i));
  return xs;
}

Network NetworkList::network(const Architecture& x) const {
  assert(index(x) < networks_.size());
  return networks_[index(x)].network;
}

std::string NetworkList::text(const Architecture& x) const {
  assert(index(x) < networks_.size());
  return networks_[index(x)].name;
}

Architecture NetworkList::parse(std::string_view text) const {
  const auto found = index_of_.find(text);
  if (found == index_of_.end()) throw InputError(description_, "has no network '" + std::string(text) + "'");
  return architecture(found->second);
}

}  // namespace oneproxy
