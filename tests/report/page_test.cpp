#include "oneproxy/report/page.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"

namespace oneproxy {
namespace {

class PageTest : public testing::Test {
 protected:
  PageTest() {
    std::string pattern = testing::TempDir() + "oneproxy-page-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~PageTest() override { std::filesystem::remove_all(folder_); }

  static nlohmann::json smallest() {
    return {{"format", "oneproxy-result"},        {"format_version", 1},
            {"front", nlohmann::json::array()},   {"removed", nlohmann::json::array()},
            {"samples", nlohmann::json::array()}, {"limits", nlohmann::json::array()}};
  }

  std::string refusal(const std::string& content) const {
    write_file(folder_ / "result.json", content);
    try {
      read_result(folder_);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

/// What stands in the page's element for the result.
nlohmann::json embedded(const std::string& page) {
  const std::string mark = "<script type=\"application/json\" id=\"result\">";
  const auto begin = page.find(mark) + mark.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script", begin) - begin));
}

TEST_F(PageTest, HoldsTheResultAsItIs) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  auto result = smallest();
  result["why"] = "</script><!-- \u00e9 \"&'";
  const std::string page = page_html(result);
  EXPECT_EQ(embedded(page), result);
  EXPECT_EQ(page.find("data-live>"), std::string::npos);
  EXPECT_NE(page_html(nullptr, true).find("<body data-live>"), std::string::npos);
  EXPECT_TRUE(embedded(page_html(nullptr, true)).is_null());
  write_file(folder_ / "result.json", result.dump());
  write_page(folder_);
  EXPECT_EQ(read_file(folder_ / "index.html"), page);
}

TEST_F(PageTest, LoadsNothingFromElsewhere) {
  if (!has_page()) GTEST_SKIP() << "this build has no page";
  const std::string page = page_html(smallest());
  for (const char* loads : {"<script src", "<link rel=\"stylesheet\"", "@import", "<img src=\"http"}) {
    EXPECT_EQ(page.find(loads), std::string::npos) << loads;
  }
}

TEST_F(PageTest, RefusesWhatIsNoResult) {
  EXPECT_EQ(refusal(smallest().dump()), "");
  EXPECT_NE(refusal("{").find("result.json: is not JSON"), std::string::npos);
  EXPECT_NE(refusal("[]").find("field format"), std::string::npos);
  auto other = smallest();
  other["format"] = 3;
  EXPECT_NE(refusal(other.dump()).find("field format: expected oneproxy-result or"), std::string::npos);
  other = smallest();
  other["format_version"] = 2;
  EXPECT_NE(refusal(other.dump()).find("field format_version: expected 1"), std::string::npos);
  other = smallest();
  other["front"] = "none";
  EXPECT_NE(refusal(other.dump()).find("field front: is no list"), std::string::npos);
  std::filesystem::remove(folder_ / "result.json");
  EXPECT_THROW(read_result(folder_), InputError);
}

}  // namespace
}  // namespace oneproxy
