#include "oneproxy/data/import.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "oneproxy/base/error.hpp"
#include "oneproxy/base/file.hpp"
#include "oneproxy/data/nn_meter_lines.hpp"
#include "oneproxy/data/operator_table.hpp"
#include "oneproxy/data/tensors.hpp"
#include "oneproxy/space/published_table.hpp"

namespace oneproxy {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

/// ONEPROXY_DATA, by default ../shared/data beside the project.
fs::path data_folder() {
  if (const char* set = std::getenv("ONEPROXY_DATA")) return set;
  return fs::path(ONEPROXY_SOURCE_DIR).parent_path() / "shared" / "data";
}

class ImportTest : public testing::Test {
 protected:
  ~ImportTest() override {
    for (const auto& file : files_) fs::remove(file);
  }
  fs::path file(const std::string& ending, const std::string& content) {
    files_.push_back(fs::path(testing::TempDir()) /
                     ("oneproxy_import_" + std::to_string(getpid()) + "_" + std::to_string(files_.size()) + ending));
    write_file(files_.back(), content);
    return files_.back();
  }
  std::vector<fs::path> files_;
};

TEST_F(ImportTest, RowsOfNumbersAreOptionsFieldsOrEncodings) {
  const auto space = make_space("nas_bench_201");
  const Architecture x{4, 2, 1, 2, 1, 1};
  EXPECT_EQ(architecture_of_row(*space, std::vector<double>{4, 2, 1, 2, 1, 1}), x);
  const FeatureMatrix encoded = space->encode({&x, 1});
  std::vector<double> row(encoded.data(), encoded.data() + encoded.size());
  EXPECT_EQ(architecture_of_row(*space, row), x);
  row.pop_back();
  EXPECT_EQ(architecture_of_row(*space, row), x);
  row[0] = 1;
  EXPECT_THROW(architecture_of_row(*space, row), InputError);
  EXPECT_THROW(architecture_of_row(*space, std::vector<double>{5, 0, 0, 0, 0, 0}), InputError);
  EXPECT_THROW(architecture_of_row(*space, std::vector<double>{0.5, 0, 0, 0, 0, 0}), InputError);
  EXPECT_THROW(architecture_of_row(*space, std::vector<double>{1, 2}), InputError);
}

TEST_F(ImportTest, ValuesMayBeListsOrKeyed) {
  const auto space = make_space("nas_bench_201");
  // {"cifar10": {"phone": [1.5, -1]}}
  const auto nested =
      file(".pickle", "}X\x07\0\0\0cifar10}X\x05\0\0\0phone]G\x3f\xf8\0\0\0\0\0\0aJ\xff\xff\xff\xff"s + "ass.");
  const auto list = import_values(FilePart::parse(nested.string() + "#cifar10.phone"), *space, -1);
  EXPECT_TRUE(list.architectures.empty());
  ASSERT_EQ(list.values.size(), 2U);
  EXPECT_EQ(list.values[0], 1.5);
  EXPECT_TRUE(std::isnan(list.values[1]));
  EXPECT_THROW(import_values(FilePart::parse(nested.string() + "#cifar10.none"), *space, {}), InputError);
  // {(0, 0, 0, 2, 2, 4): 3}
  const auto keyed =
      import_values(FilePart::parse(file(".pkl", "}(K\0K\0K\0K\x02K\x02K\x04tK\x03s."s).string()), *space, {});
  ASSERT_EQ(keyed.architectures.size(), 1U);
  EXPECT_EQ(keyed.architectures[0], (Architecture{0, 0, 0, 2, 2, 4}));
  EXPECT_EQ(keyed.values[0], 3);
}

TEST_F(ImportTest, ArraysOfNumpyAreRead) {
  // numpy.array([[1, 2], [3, 4]], dtype="<i2"), whole and in Fortran's order, and one cut short.
  const auto array = [](const std::string& fortran, const std::string& bytes) {
    return "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tC\x01"s +
           "btR(K\x01(K\x02K\x02tcnumpy\ndtype\n(X\x02\0\0\0i2I00\nI01\ntR(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s +
           fortran + "C"s + static_cast<char>(bytes.size()) + bytes + "tb.";
  };
  const std::string bytes = "\x01\0\x02\0\x03\0\xfc\xff"s;
  const PythonFile plain(file(".pkl", array("\x89", bytes)));
  const NumberArray found = plain.array(plain.pickle().root());
  EXPECT_EQ(found.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(found.values, (std::vector<double>{1, 2, 3, -4}));
  const PythonFile fortran(file(".pkl", array("\x88", bytes)));
  EXPECT_EQ(fortran.array(fortran.pickle().root()).values, (std::vector<double>{1, 3, 2, -4}));
  const PythonFile damaged(file(".pkl", array("\x89", bytes.substr(1))));
  EXPECT_THROW(damaged.array(damaged.pickle().root()), InputError);
}

TEST_F(ImportTest, LinesOfNnMeter) {
  const std::string lines =
      "{\"id\": \"vgg_1\", \"cpu\": 12.5, \"vpu\": -1, \"graph\": {\"a\": 1}}\n\n{\"id\": \"vgg_2\", \"cpu\": 3}\n";
  const auto table = read_nn_meter_lines(file(".jsonl", lines), -1);
  EXPECT_EQ(table.networks, (std::vector<std::string>{"vgg_1", "vgg_2"}));
  EXPECT_EQ(table.devices, std::vector<std::string>{"cpu"});
  EXPECT_EQ(table.latency_ms(1, 0), 3);
  EXPECT_THROW(read_nn_meter_lines(file(".jsonl", lines), {}), InputError);  // -1 is not declared
  EXPECT_THROW(read_nn_meter_lines(file(".jsonl", "{\"cpu\": 1}\n"), {}), InputError);
  EXPECT_THROW(read_nn_meter_lines(file(".jsonl", "[1]\n"), {}), InputError);
  EXPECT_THROW(read_nn_meter_lines(file(".jsonl", lines + lines), -1), InputError);
  const auto csv = file(".csv", "");
  write_latency_matrix(csv, table);
  EXPECT_EQ(read_latency_matrix(csv).networks, table.networks);
  EXPECT_EQ(read_latency_matrix(csv).latency_ms, table.latency_ms);
}

TEST_F(ImportTest, TablesOfOperators) {
  const auto json =
      read_operator_table(file(".json", "{\"a\": 1.5, \"b\": {\"mean\": 2, \"std\": 0.5, \"count\": 7}}"));
  ASSERT_EQ(json.size(), 2U);
  EXPECT_EQ(json[0].latency_ms, 1.5);
  EXPECT_TRUE(std::isnan(json[0].deviation_ms));
  EXPECT_EQ(json[1].deviation_ms, 0.5);
  EXPECT_THROW(read_operator_table(file(".json", "{\"a\": \"fast\"}")), InputError);
  EXPECT_THROW(read_operator_table(file(".json", "[1]")), InputError);
  EXPECT_THROW(read_operator_table(file(".json", "{}")), InputError);
}

TEST_F(ImportTest, HostileContainersAreRefused) {
  const std::string zip = "PK\x03\x04"s + std::string(26, '\0');
  for (const std::string& content : {zip, zip + "PK\x05\x06" + std::string(18, '\xff'), "PK\x03\x04PK\x05\x06"s}) {
    EXPECT_THROW(PythonFile{file(".pt", content)}, InputError);
  }
  // The older stream, cut off anywhere.
  const std::string magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03."s;
  for (std::size_t length = 15; length <= magic.size(); ++length) {
    EXPECT_THROW(PythonFile{file(".pth", magic.substr(0, length))}, InputError) << length;
  }
}

// Files made to break readers: names that run something, sizes beyond the file, shapes that overflow, cut ends.
TEST(HostileFiles, AreAllRefusedInOneLine) {
  const auto space = make_space("nas_bench_201");
  const fs::path folder = fs::path(ONEPROXY_SOURCE_DIR) / "tests/data/hostile";
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(entry.path().string());
    ++count;
    try {
      const std::string kind = entry.path().parent_path().filename().string();
      if (kind == "python") import_values({entry.path(), {}}, *space, {});
      if (kind == "csv") read_latency_matrix(entry.path());
      if (kind == "jsonl") read_nn_meter_lines(entry.path(), {});
      if (kind == "operators") read_operator_table(entry.path());
      ADD_FAILURE() << "accepted";
    } catch (const InputError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GE(count, 50U);
}

class PublishedImport : public ImportTest {
 protected:
  void SetUp() override {
    if (!fs::exists(raw_)) GTEST_SKIP() << raw_ << " is absent (ONEPROXY_DATA)";
  }
  FilePart raw(const std::string& name) const { return FilePart::parse((raw_ / name).string()); }
  /// One column of a published table in the project's reading, by architecture.
  std::unordered_map<Architecture, double> known(const std::string& table, const SearchSpace& space,
                                                 const std::string& column) const {
    const ArchTable read = read_published_table(data_folder() / table, space);
    std::unordered_map<Architecture, double> values;
    for (std::size_t i = 0; i < read.architectures.size(); ++i) {
      values[read.architectures[i]] =
          read.values(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(read.column(column)));
    }
    return values;
  }
  fs::path raw_ = data_folder() / "raw";
};

TEST_F(PublishedImport, EveryRawFileReads) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(raw_)) {
    SCOPED_TRACE(entry.path().string());
    std::vector<std::string> lines;
    EXPECT_NO_THROW(lines = describe_file(entry.path()));
    EXPECT_FALSE(lines.empty());
    ++count;
  }
  EXPECT_GE(count, 17U);
}

TEST_F(PublishedImport, OneProxysPicklesAreTheTable) {
  const auto space = make_space("nas_bench_201");
  const auto xs = import_architectures(raw("oneproxy_encode.pickle"), *space);
  const auto values = import_values(raw("oneproxy_true_vpu.pickle"), *space, {});
  const auto table = known("nasbench201/oneproxy_latency_ms.csv", *space, "true_vpu");
  ASSERT_EQ(xs.size(), 1999U);
  ASSERT_EQ(values.values.size(), xs.size());
  for (std::size_t i = 0; i < xs.size(); ++i) EXPECT_EQ(values.values[i], table.at(xs[i])) << i;
}

TEST_F(PublishedImport, HelpsTorchFilesAreTheTables) {
  const auto cells = make_space("nas_bench_201");
  const auto numbered = import_architectures(raw("help_nasbench201_str_arch2idx.legacy.pt"), *cells);
  const auto pixel = import_values(raw("help_nasbench201_pixel3.legacy.pt"), *cells, {});
  const auto cell_table = known("nasbench201/help_latency_ms.csv", *cells, "pixel3");
  ASSERT_EQ(numbered.size(), 15'625U);
  for (std::size_t i = 0; i < numbered.size(); ++i) {
    EXPECT_NEAR(pixel.values[i], cell_table.at(numbered[i]), 1e-4 * pixel.values[i]) << i;  // the table has 6 digits
  }
  const auto fbnet = make_space("fbnet");
  const auto blocks = import_architectures(raw("help_fbnet_arch.zip.pt"), *fbnet);
  const auto times = import_values(raw("help_fbnet_pixel3.zip.pt"), *fbnet, {});
  const auto block_table = known("fbnet/help_latency_ms.csv", *fbnet, "pixel3");
  ASSERT_EQ(blocks.size(), 5000U);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_NEAR(times.values[i], block_table.at(blocks[i]), 1e-4 * times.values[i]) << i;
  }
  const auto ofa = make_space("ofa_mobilenet_v3");
  const auto networks = import_architectures(raw("help_ofa_archs.legacy.pt"), *ofa);
  const ArchTable ofa_table = read_published_table(data_folder() / "ofa_mbv3/help_latency_ms.csv", *ofa);
  EXPECT_EQ(networks, ofa_table.architectures);
}

TEST_F(PublishedImport, BrpNasAndTheFrameOfAccuracies) {
  const auto space = make_space("nas_bench_201");
  const auto desktop = import_values(raw("brpnas_desktop_cpu_i7_7820x_fp32.pkl"), *space, {});
  ASSERT_EQ(desktop.architectures.size(), 15'284U);
  EXPECT_EQ(desktop.architectures[0], (Architecture{0, 0, 0, 2, 2, 4}));
  EXPECT_NEAR(desktop.values[0], 0.0015538466, 1e-9);  // seconds
  const auto lines = describe_file(raw("mini-bench-arch-cell-accs.pd").file);
  EXPECT_EQ(lines.front().substr(0, 17), "frame of columns ");
}

TEST_F(PublishedImport, AccuracyPredictorsWeights) {
  const fs::path weights = data_folder() / "ofa_mbv3/acc_predictor.pth";
  if (!fs::exists(weights)) GTEST_SKIP() << weights << " is absent";
  const PythonFile pth(weights);
  const Pickle& pickle = pth.pickle();
  const auto shape = [&](const char* name) { return pth.array(pickle.find(pickle.root(), name)).shape; };
  EXPECT_EQ(shape("0.weight"), (std::vector<std::int64_t>{400, 128}));
  EXPECT_EQ(shape("0.bias"), std::vector<std::int64_t>{400});
  double sum = 0;
  for (const double value : pth.array(pickle.find(pickle.root(), "0.weight")).values) sum += value * value;
  EXPECT_GT(sum, 1);
  EXPECT_LT(sum, 1e5);
}

TEST_F(PublishedImport, TablesOfOperators) {
  const auto table = read_operator_table(raw_ / "itouchz_pixel_trim.yaml");
  EXPECT_EQ(table.front().key, "Conv-input:224x224x3-output:112x112x32");
  EXPECT_NEAR(table.front().latency_ms, 4.397037934668071, 1e-12);
  EXPECT_NEAR(table.front().deviation_ms, std::sqrt(0.1562765530967112), 1e-12);
  EXPECT_EQ(table.front().count, 949);
  EXPECT_GT(read_operator_table(raw_ / "transformer_predictor_mobile_lut.json").size(), 1000U);
}

}  // namespace
}  // namespace oneproxy
