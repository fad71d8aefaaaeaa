#include "oneproxy/train/supernet.hpp"

#include <cmath>

#include "oneproxy/train/subnets.hpp"
#include "small_task.hpp"

namespace oneproxy {
namespace {

const SupernetOptions kQuick{.epochs = 2, .batch = 40, .learning_rate = 0.05, .seed = 3};

std::vector<Weights> some_weights(const std::filesystem::path& checkpoint, const ImageSet& images) {
  const SpacePtr space = small_space();
  const Subnets subnets(checkpoint, space, images, 64);
  return {subnets.weights(smallest_architecture(*space)), subnets.weights(largest_architecture(*space))};
}

void expect_equal(const std::vector<Weights>& a, const std::vector<Weights>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values);
}

TEST(TrainSupernet, LossFallsForEverySubnet) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  std::vector<SupernetStep> steps;
  const auto result = train_supernet(*small_space(), images, {.epochs = 5, .batch = 40, .seed = 1},
                                     {.checkpoint = folder / "s.pt"}, {}, [&](const auto& s) { steps.push_back(s); });
  ASSERT_EQ(steps.size(), 25U);
  EXPECT_EQ(result.steps, 25U);
  EXPECT_EQ(result.total_steps, 25U);
  const auto mean = [&](std::size_t first, auto loss) {
    return (loss(steps[first]) + loss(steps[first + 1]) + loss(steps[first + 2])) / 3;
  };
  for (const auto loss : {&SupernetStep::loss_largest, &SupernetStep::loss_smallest, &SupernetStep::loss_random}) {
    const auto of = [loss](const SupernetStep& step) { return step.*loss; };
    EXPECT_LT(mean(22, of), 0.7 * mean(0, of));
  }
}

TEST(TrainSupernet, ResumedEqualsUninterrupted) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  const auto space = small_space();
  train_supernet(*space, images, kQuick, {.checkpoint = folder / "whole.pt"});
  for (const std::size_t until : {3U, 5U, 8U}) {  // within the first epoch, at its end, in the second
    SCOPED_TRACE("interrupted after step " + std::to_string(until));
    const auto file = folder / ("part" + std::to_string(until) + ".pt");
    const auto part = train_supernet(*space, images, kQuick, {.checkpoint = file, .until_step = until});
    EXPECT_EQ(part.steps, until);
    const auto rest = train_supernet(*space, images, kQuick, {.checkpoint = file, .resume = true});
    EXPECT_EQ(rest.steps, 10U);
    expect_equal(some_weights(file, images), some_weights(folder / "whole.pt", images));
  }
}

TEST(TrainSupernet, ThreadsDoNotChangeTheResult) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  train_supernet(*small_space(), images, kQuick, {.checkpoint = folder / "one.pt", .threads = 1});
  train_supernet(*small_space(), images, kQuick, {.checkpoint = folder / "three.pt", .threads = 3});
  expect_equal(some_weights(folder / "one.pt", images), some_weights(folder / "three.pt", images));
}

TEST(TrainSupernet, DistillationTeachesTheOthersWhatTheLargestSays) {
  const TemporaryFolder folder;
  ImageSet images = small_images(200, 1);
  SupernetOptions options{.epochs = 1, .batch = 200, .learning_rate = 0.05, .weight_decay = 0, .distillation = 1};
  const auto trained = [&](const char* name, double distillation) {
    options.distillation = distillation;
    train_supernet(*small_space(), images, options, {.checkpoint = folder / name});
    return some_weights(folder / name, images);
  };
  const auto plain = trained("plain.pt", 0);
  const auto half = trained("half.pt", 0.5);
  const auto full = trained("full.pt", 1);
  EXPECT_NE(plain[0].values, half[0].values);
  EXPECT_NE(half[0].values, full[0].values);
  options.epochs = 20;
  options.batch = 40;
  const auto last = train_supernet(*small_space(), images, options, {.checkpoint = folder / "long.pt"}).last;
  EXPECT_LT(last.loss_smallest, 0.7 * std::log(4.0)) << "a student that never saw a label learns the classes";
}

TEST(TrainSupernet, DistillationIsTheSameOnAnyNumberOfThreads) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  SupernetOptions options = kQuick;
  options.distillation = 0.5;
  train_supernet(*small_space(), images, options, {.checkpoint = folder / "one.pt", .threads = 1});
  train_supernet(*small_space(), images, options, {.checkpoint = folder / "three.pt", .threads = 3});
  expect_equal(some_weights(folder / "one.pt", images), some_weights(folder / "three.pt", images));
}

TEST(TrainSupernet, StopsWithACheckpointToGoOnFrom) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  const SupernetRun run{.checkpoint = folder / "s.pt", .resume = true};
  EXPECT_THROW(
      train_supernet(*small_space(), images, kQuick, run, [](const Progress& progress) { return progress.done < 4; }),
      Stopped);
  std::size_t first = 0;
  train_supernet(*small_space(), images, kQuick, run, {}, [&](const SupernetStep& step) {
    if (first == 0) first = step.step;
  });
  EXPECT_EQ(first, 5U);
}

TEST(TrainSupernet, BeginsWithOtherWeights) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  train_supernet(*small_space(), images, kQuick, {.checkpoint = folder / "first.pt"});
  double loss_fresh = 0;
  double loss_warm = 0;
  const SupernetOptions other{.epochs = 1, .batch = 200, .learning_rate = 1e-6, .seed = 9};
  loss_fresh = train_supernet(*small_space(), images, other, {.checkpoint = folder / "a.pt"}).last.loss_largest;
  loss_warm =
      train_supernet(*small_space(), images, other, {.checkpoint = folder / "b.pt", .initial = folder / "first.pt"})
          .last.loss_largest;
  EXPECT_LT(loss_warm, 0.8 * loss_fresh);
}

TEST(TrainSupernet, RefusesToGoOnWithSomethingElse) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  const SupernetRun run{.checkpoint = folder / "s.pt", .resume = true};
  train_supernet(*small_space(), images, kQuick, {.checkpoint = folder / "s.pt", .until_step = 2});
  SupernetOptions faster = kQuick;
  faster.learning_rate = 0.06;
  const auto error = input_error([&] { train_supernet(*small_space(), images, faster, run); });
  EXPECT_NE(error.find("cannot go on with"), std::string::npos) << error;
  EXPECT_NE(input_error([&] { train_supernet(*small_space(), small_images(200, 2), kQuick, run); }), "");
  const auto other = make_space("mobilenet_v2(resolution=8, width=0.1, classes=4, channels=1)");
  const auto foreign = input_error([&] { train_supernet(*other, images, kQuick, run); });
  EXPECT_NE(foreign.find("is a checkpoint of the space"), std::string::npos) << foreign;
}

TEST(TrainSupernet, DamagedCheckpointsAreRefused) {
  const TemporaryFolder folder;
  const ImageSet images = small_images(200, 1);
  const auto file = folder / "s.pt";
  train_supernet(*small_space(), images, kQuick, {.checkpoint = file, .until_step = 1});
  const std::string whole = read_file(file);
  for (const std::size_t length : {std::size_t{0}, std::size_t{3}, whole.size() / 2, whole.size() - 1}) {
    SCOPED_TRACE("length " + std::to_string(length));
    write_file(file, whole.substr(0, length));
    const auto error = input_error([&] { Subnets(file, small_space(), images, 16); });
    EXPECT_NE(error.find("expected a whole checkpoint"), std::string::npos) << error;
  }
  write_file(file, "architecture,accuracy\n");
  EXPECT_NE(input_error([&] { Subnets(file, small_space(), images, 16); }), "");
  EXPECT_NE(input_error([&] { Subnets(folder / "none.pt", small_space(), images, 16); }), "");
}

TEST(TrainSupernet, RefusesImagesThatDoNotFit) {
  const TemporaryFolder folder;
  ImageSet images = small_images(200, 1);
  const SupernetRun run{.checkpoint = folder / "s.pt"};
  const auto coloured = make_space("mobilenet_v2(resolution=8, width=0.1, classes=4, channels=3)");
  EXPECT_NE(input_error([&] { train_supernet(*coloured, images, kQuick, run); }).find("channels=1"), std::string::npos);
  EXPECT_NE(input_error([&] { train_supernet(*small_space(), images.slice(0, 39), kQuick, run); }), "");
  images.labels[0] = 4;
  EXPECT_NE(input_error([&] { train_supernet(*small_space(), images, kQuick, run); }).find("4 classes"),
            std::string::npos);
}

}  // namespace
}  // namespace oneproxy
