#pragma once

#include <string_view>

namespace oneproxy {

/// The page with a mark where the result goes; made from web/ when this is built. Only where ONEPROXY_HAS_PAGE.
std::string_view page_template();

}  // namespace oneproxy
