#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oneproxy/space/search_space.hpp"

namespace oneproxy {

/// A network that has a name: one word, without spaces, commas or quotes.
struct NamedNetwork {
  std::string name;
  Network network;
};

/// Any networks as a search space, so that devices measure them and stores keep them: architecture i is network i, its
/// text is its name.
class NetworkList final : public SearchSpace {
 public:
  /// At most 16 million networks. @throws InputError where a name stands twice.
  NetworkList(std::string description, std::vector<NamedNetwork> networks);

  const std::string& description() const override { return description_; }
  std::span<const Decision> decisions() const override { return decisions_; }
  Network network(const Architecture& x) const override;
  std::string text(const Architecture& x) const override;
  Architecture parse(std::string_view text) const override;

  std::size_t size() const { return networks_.size(); }
  /// Precondition: index < size().
  static Architecture architecture(std::size_t index);
  static std::size_t index(const Architecture& x);
  /// All of them, in order.
  std::vector<Architecture> architectures() const;

 private:
  std::string description_;
  std::vector<NamedNetwork> networks_;
  std::map<std::string, std::size_t, std::less<>> index_of_;
  std::vector<Decision> decisions_;
};

}  // namespace oneproxy
